/**
 * Writes what documentation is generated from the code: the README's options tables and docs/spec.schema.json out of the spec's schema, the tables of
 * docs/contract.md and the JSON Schemas of docs/contract/ out of the types of workflows. Tests fail where they are stale.
 * The rule: between two marks nothing is written by hand.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { specJsonSchema } from '../src/spec/index.js';
import { contractSchemas, contractTables } from '../test/support/contract-docs.js';
import { optionsTables } from '../test/support/options-table.js';

/** Puts a text between the marks of that name. */
function fill(page: string, name: string, text: string): void {
  const marks = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[\\s\\S]*?(\\n<!-- end of ${name} -->)`);
  const now = readFileSync(page, 'utf8');
  if (!marks.test(now)) throw new Error(`${page} has no marks of its ${name}`);
  writeFileSync(
    page,
    now.replace(marks, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`),
  );
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

fill('README.md', 'options', optionsTables());
writeJson('docs/spec.schema.json', specJsonSchema());
fill('docs/contract.md', 'contract', contractTables());
for (const [file, schema] of contractSchemas()) writeJson(`docs/${file}`, schema);
