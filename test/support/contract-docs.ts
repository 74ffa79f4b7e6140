/**
 * What docs/contract.md and docs/contract/ have out of the code: tables, and a JSON Schema of each argument and result. `test/docs.test.ts` holds them to it, and
 * `npm run docs` writes them.
 * The rule: nothing is said here of any type. Shapes and words are those of `protocol.ts`; a spec's are its own schema's.
 */
import { createGenerator } from 'ts-json-schema-generator';
import { VPN_NAME } from '../../src/spec/naming.js';
import { CONTRACT_VERSION, MEMO_MEANINGS, SEARCH_ATTRIBUTE_MEANINGS, WORKFLOWS } from '../../src/workflows/contract.js';
import { FAILURES } from '../../src/workflows/failure-types.js';
import { PROGRESS_QUERY, SEARCH_ATTRIBUTES } from '../../src/workflows/protocol.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

const ARGUMENTS: ReadonlySet<string> = new Set(WORKFLOWS.flatMap(({ argument }) => argument ?? []));
const RESULTS = WORKFLOWS.map(({ result }) => result);

const text = { type: 'string', minLength: 1 };

/** What the types of arguments leave open, by field. */
const FIELDS: Readonly<Record<string, JsonSchema>> = {
  spec: { $ref: '../../spec.schema.json' },
  vpn: { type: 'string', pattern: VPN_NAME.source },
  ids: { minItems: 1, items: text },
  router: text,
  region: text,
};

/** Path of a type's schema under docs/. */
export function schemaFile(type: string): string {
  return `contract/v${CONTRACT_VERSION}/${type}.schema.json`;
}

/** By path under docs/. Arguments take no other field; a result may have more of them in a later release. */
export function contractSchemas(): ReadonlyMap<string, JsonSchema> {
  const generator = createGenerator({
    path: 'src/workflows/protocol.ts',
    tsconfig: 'tsconfig.json',
    type: '*',
    // `npm run types` checks them.
    skipTypeCheck: true,
  });
  const schemaOf = (type: string): JsonSchema => {
    const generated = JSON.stringify(generator.createSchema(type)).replaceAll('#/definitions/', '#/$defs/');
    const { definitions } = JSON.parse(generated, ARGUMENTS.has(type) ? narrowed : open);
    const { [type]: own, ...others } = definitions;
    const $defs = Object.keys(others).length === 0 ? {} : { $defs: others };
    return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: type, ...own, ...$defs };
  };
  return new Map([...ARGUMENTS, ...RESULTS, 'Progress', 'Leftover'].map((type) => [schemaFile(type), schemaOf(type)]));
}

function narrowed(key: string, value: unknown): unknown {
  const field = typeof value === 'object' ? FIELDS[key] : undefined;
  return field === undefined ? value : { ...(value as JsonSchema), ...field };
}

function open(key: string, value: unknown): unknown {
  return key === 'additionalProperties' && value === false ? undefined : value;
}

/** Everything of the contract that is a list. */
export function contractTables(): string {
  return [
    `Version ${CONTRACT_VERSION}.`,
    table(
      ['workflow type', 'does', 'workflow id', 'argument', 'result'],
      WORKFLOWS.map(({ type, does, ids, argument, result }) => [
        code(type),
        does,
        ids.map(code).join(', ') || 'any',
        argument === undefined ? 'none' : link(argument),
        link(result),
      ]),
    ),
    table(['query', 'argument', 'answer'], [[code(PROGRESS_QUERY), 'none', link('Progress')]]),
    table(
      ['search attribute', 'type', 'holds'],
      Object.entries(SEARCH_ATTRIBUTE_MEANINGS).map(([name, means]) => [
        code(name),
        SEARCH_ATTRIBUTES[name as keyof typeof SEARCH_ATTRIBUTES],
        means,
      ]),
    ),
    table(
      ['memo key', 'holds'],
      Object.entries(MEMO_MEANINGS).map(([name, means]) => [code(name), means]),
    ),
    table(
      ['failure type', 'means'],
      Object.entries(FAILURES).map(([name, means]) => [code(name), means]),
    ),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const code = (text: string) => `\`${text}\``;
const link = (type: string) => `[${type}](${schemaFile(type)})`;
