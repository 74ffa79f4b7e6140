/**
 * Writes what documentation is generated from the spec's schema: the README's options tables and docs/spec.schema.json. Tests fail where they are stale.
 * The rule: between the README's two marks nothing is written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { specJsonSchema } from '../src/spec/index.js';
import { optionsTables } from '../test/support/options-table.js';

const OPTIONS = /(<!-- options: [^\n]*-->\n)[\s\S]*?(\n<!-- end of options -->)/;

const readme = readFileSync('README.md', 'utf8');
if (!OPTIONS.test(readme)) throw new Error('README.md has no marks of its options');
writeFileSync(
  'README.md',
  readme.replace(OPTIONS, (_, begin: string, end: string) => `${begin}\n${optionsTables()}\n${end}`),
);
writeFileSync('docs/spec.schema.json', `${JSON.stringify(specJsonSchema(), null, 2)}\n`);
