/** What the README and `docs/` say is what the code does: their tables are compared with their one source. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT } from '../src/cli/exit-codes.js';
import { METRICS } from '../src/operations/metrics.js';
import { readOperations } from '../src/operations/settings.js';
import { OPERATIONS } from '../src/server/operations.js';
import { PROBLEMS } from '../src/server/problems.js';
import { WORKFLOWS } from '../src/workflows/contract.js';
import * as workflows from '../src/workflows/index.js';
import { CLOUD_TABLES } from './support/cloud-keys-table.js';
import { contractSchemas, contractTables } from './support/contract-docs.js';
import { optionsTables } from './support/options-table.js';
import { stepTable } from './support/step-table.js';

const readme = readFileSync('README.md', 'utf8');

test("the README's step table is the graph's own", () => {
  expect(readme).toContain(stepTable());
});

test("the README's exit codes are the command's own, all of them and no other", () => {
  const told = [...readme.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, means]) => ({
    code: Number(code),
    means,
  }));
  expect(told).toEqual(Object.values(EXIT));
});

test("the README's options are the schema's own: npm run docs writes them", () => {
  expect(readme).toContain(optionsTables());
});

test('docs/clouds.md tells every key of clouds.yaml that is read or refused, and no other', () => {
  const page = readFileSync('docs/clouds.md', 'utf8');
  const tables = page.match(/^\| key \|[\s\S]*?(?=\n\n)/gm);
  expect(tables).toEqual(CLOUD_TABLES);
});

test("docs/operations.md and the worker's help tell every setting of its operation and every metric, and no other", () => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const help = readFileSync('src/cli/help.ts', 'utf8');
  const read = new Set<string>();
  const environment = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  readOperations(environment, () => {});
  const rows = (pattern: RegExp) => [...page.matchAll(pattern)].map(([, name]) => name ?? '').sort();
  expect(rows(/^\| `(REGIONLINK_\w+)`/gm)).toEqual([...read].sort());
  for (const name of read) expect(help).toContain(`  ${name}:`);
  expect(rows(/^\| `(regionlink_\w+)`/gm)).toEqual([...METRICS].sort());
});

test('docs/http-api.md tells every operation and every kind of problem, and no other', () => {
  const page = readFileSync('docs/http-api.md', 'utf8');
  const rows = (heading: string) => {
    const table = page.slice(page.indexOf(heading)).split('\n\n')[0]?.split('\n').slice(2);
    return table?.map((row) =>
      row
        .slice(2, -2)
        .replace(/^`|`(?= \|)/g, '')
        .split(' | '),
    );
  };
  const answers = ({ status, location, events }: (typeof OPERATIONS)[number]['answer']) =>
    `${status}${location ? ', `Location`' : ''}${events ? ', events' : ''}`;
  expect(rows('| request |')).toEqual(
    OPERATIONS.map(({ method, path, scope, summary, answer }) => [
      `${method} ${path}`,
      scope ?? '',
      summary,
      answers(answer),
    ]),
  );
  expect(rows('| type |')).toEqual(
    Object.entries(PROBLEMS).map(([kind, { status, title }]) => [kind, String(status), title]),
  );
});

test("docs/contract.md and its schemas are the code's own, all of them and no other: npm run docs writes them", () => {
  expect(readFileSync('docs/contract.md', 'utf8')).toContain(contractTables());
  const schemas = contractSchemas();
  const files = readdirSync('docs/contract', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  );
  expect(files.map((file) => `contract/${file}`).sort()).toEqual([...schemas.keys()].sort());
  for (const [file, schema] of schemas) expect(JSON.parse(readFileSync(`docs/${file}`, 'utf8'))).toEqual(schema);
});

test('the contract has every workflow type that a worker runs', () => {
  expect(WORKFLOWS.map(({ type }) => type).sort()).toEqual(Object.keys(workflows).sort());
});
