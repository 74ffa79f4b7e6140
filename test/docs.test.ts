/** What the README says is what the code does: its step table and its exit codes are compared with their one source. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT } from '../src/cli/exit-codes.js';
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
