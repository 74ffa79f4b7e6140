/**
 * The README's options tables, out of the spec's schema. `test/docs.test.ts` holds the README to them, and `npm run docs` writes them.
 * The rule: nothing is said here of any option. A field whose schema stands elsewhere as well (a site's own policies) is told once, where it is for all.
 */
import { z } from 'zod';
import { DURATION_PATTERN } from '../../src/spec/duration.js';
import { specFile } from '../../src/spec/schema.js';

type Schema = z.core.$ZodType;

interface Row {
  readonly path: string;
  readonly values: string;
  readonly standard: string;
  readonly means: string;
}

/** Options with a table of their own, in their order; what is left stands in the first table. */
const SECTIONS: readonly string[] = ['ike', 'ipsec', 'connection', 'sites', 'check', 'names'];

const HEAD = ['| option | values | default | what it means |', '|---|---|---|---|'];

/** Values longer than this are told once. */
const LONG = 80;

/** Every option of a spec: one table for the spec itself, and one for each of its larger parts. */
export function optionsTables(): string {
  const shape: Readonly<Record<string, Schema>> = specFile.shape;
  const told = new Set<Schema>();
  const long = new Map<string, string>();
  const groups = [Object.keys(shape).filter((key) => !SECTIONS.includes(key)), ...SECTIONS.map((key) => [key])];
  const tables = groups.map((keys) => {
    const rows = keys.flatMap((key) => rowsOf(key, shape[key] as Schema, told));
    // What a section is stands above its table, unless it is more than a mapping.
    const title = SECTIONS.includes(keys[0] ?? '') && rows[0]?.values === 'mapping' ? rows.shift() : undefined;
    const table = [...HEAD, ...rows.map((row) => lineOf(row, long))].join('\n');
    return title === undefined ? table : `${code(title.path)}: ${title.means}\n\n${table}`;
  });
  return tables.join('\n\n');
}

/** A row for the option, and those of what is in it. `needed`: it must be said, unless its schema says otherwise. */
function rowsOf(path: string, schema: Schema, told: Set<Schema>, needed = true): Row[] {
  if (told.has(schema)) return [];
  told.add(schema);
  const bare = bareOf(schema);
  // Of several mappings one is taken: none of their options is needed.
  const each = bare instanceof z.ZodRecord ? bareOf(bare.valueType) : bare;
  const one = !(each instanceof z.ZodUnion) || each.options.filter(isMapping).length === 1;
  return [
    rowOf(path, schema, bare, needed),
    ...partsOf(path, bare).flatMap(([at, part]) => rowsOf(at, part, told, one)),
  ];
}

function partsOf(path: string, bare: Schema): readonly (readonly [string, Schema])[] {
  if (bare instanceof z.ZodObject)
    return Object.entries<Schema>(bare.shape).map(([key, part]) => [`${path}.${key}`, part]);
  if (bare instanceof z.ZodRecord) return partsOf(`${path}.NAME`, bareOf(bare.valueType));
  if (bare instanceof z.ZodArray) return partsOf(`${path}[]`, bareOf(bare.element));
  if (bare instanceof z.ZodUnion)
    return bare.options.filter(isMapping).flatMap((option: Schema) => partsOf(path, bareOf(option)));
  return [];
}

function isMapping(schema: Schema): boolean {
  return bareOf(schema) instanceof z.ZodObject;
}

/** Without what makes it optional, or looks at it before. */
function bareOf(schema: Schema): Schema {
  if (schema instanceof z.ZodPipe) return bareOf(schema.out);
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? bareOf(schema.unwrap())
    : schema;
}

/** A text ends with its default in words where no value of the schema is the default. */
function rowOf(path: string, schema: Schema, bare: Schema, needed: boolean): Row {
  const text = z.globalRegistry.get(schema)?.description ?? '';
  const [, means = '', inWords] = /^(.*?)(?: Default: (.*)\.)?$/s.exec(text) ?? [];
  return { path, values: valuesOf(bare), standard: inWords ?? standardOf(schema, needed), means };
}

function standardOf(schema: Schema, needed: boolean): string {
  if (!(schema instanceof z.ZodDefault))
    return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || !needed ? '' : '**required**';
  const value: unknown = schema.def.defaultValue;
  return Array.isArray(value) ? 'none' : code(String(value));
}

function valuesOf(bare: Schema): string {
  if (bare instanceof z.ZodEnum) return bare.options.map((value) => code(String(value))).join(', ');
  if (bare instanceof z.ZodLiteral) return [...bare.values].map((value) => code(String(value))).join(', ');
  if (bare instanceof z.ZodUnion)
    return [...new Set(bare.options.map((option: Schema) => valuesOf(bareOf(option))))].join(' or ');
  if (bare instanceof z.ZodArray) return `list of ${valuesOf(bareOf(bare.element))}`;
  if (bare instanceof z.ZodObject || bare instanceof z.ZodRecord) return 'mapping';
  if (bare instanceof z.ZodBoolean) return `${code('true')}, ${code('false')}`;
  if (bare instanceof z.ZodNumber) return `${bare.minValue} to ${bare.maxValue}`;
  return z.globalRegistry.get(bare)?.pattern === DURATION_PATTERN ? `duration, such as ${code('10m')}` : 'text';
}

/** What is long is told at the first of the options that have it. */
function lineOf({ path, values, standard, means }: Row, long: Map<string, string>): string {
  const before = long.get(values);
  if (before === undefined && values.length > LONG) long.set(values, path);
  const cells = [code(path), before === undefined ? values : `as ${code(before)}`, standard, means];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
