/** The file of tokens: what is written to it, and when it is refused. */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addToken, removeToken, TokenFile } from '../../src/server/tokens.js';
import { regionlink } from '../support/terminal.js';

const newFile = () => join(mkdtempSync(join(tmpdir(), 'tokens-')), 'tokens');

test('each token is known by itself alone, with its name and scope; the file is closed to others', () => {
  const file = newFile();
  const [one, two] = [addToken(file, 'one', 'read'), addToken(file, 'two', 'write')];
  const tokens = new TokenFile(file);
  expect(tokens.callerOf(one)).toEqual({ name: 'one', scope: 'read' });
  expect(tokens.callerOf(two)).toEqual({ name: 'two', scope: 'write' });
  for (const other of ['', one.slice(0, -1), `${one}A`, one.toUpperCase()])
    expect(tokens.callerOf(other)).toBeUndefined();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('notes, and a last line that someone left open, do no harm', () => {
  const file = newFile();
  writeFileSync(file, '# ours\n\n', { mode: 0o600 });
  const one = addToken(file, 'one', 'read');
  writeFileSync(file, readFileSync(file, 'utf8').trimEnd());
  const two = addToken(file, 'two', 'read');
  const tokens = new TokenFile(file);
  expect([tokens.callerOf(one)?.name, tokens.callerOf(two)?.name]).toEqual(['one', 'two']);
  removeToken(file, 'one');
  expect([tokens.callerOf(one), tokens.callerOf(two)?.name]).toEqual([undefined, 'two']);
  expect(readFileSync(file, 'utf8')).toMatch(/^# ours\n/);
});

test('a file that is missing, empty, broken or open to others is refused by name, and no line of it is repeated', () => {
  const file = newFile();
  expect(() => new TokenFile(file)).toThrow(`${file} cannot be read (ENOENT)`);
  writeFileSync(file, '# nothing yet\n', { mode: 0o600 });
  expect(() => new TokenFile(file)).toThrow(`${file} has no token; make one: regionlink token`);
  addToken(file, 'one', 'read');
  expect(() => addToken(file, 'one', 'write')).toThrow('has a token named one already');
  expect(() => removeToken(file, 'two')).toThrow('has no token named "two"');
  expect(() => addToken(file, 'a b', 'read')).toThrow('"a b" cannot be a token\'s name');
  chmodSync(file, 0o620);
  expect(() => new TokenFile(file)).toThrow(`run: chmod go-w ${file}`);
  chmodSync(file, 0o600);
  appendFileSync(file, 'regionlink_in-clear-by-mistake\n');
  const open = () => new TokenFile(file);
  expect(open).toThrow(`${file}: line 3 is no token`);
  expect(open).not.toThrow('in-clear');
});

test('the command shows a token once, on standard output, and takes it back by its name', async () => {
  const file = newFile();
  const env = { REGIONLINK_TOKENS_FILE: file };
  const { status, stdout } = await regionlink(['token', 'ci', '--scope', 'write'], env);
  expect([status, new TokenFile(file).callerOf(stdout.trim())]).toEqual([0, { name: 'ci', scope: 'write' }]);
  expect((await regionlink(['token', 'ci', '--remove'], env)).status).toBe(0);
  const serve = await regionlink(['serve'], env);
  expect([serve.status, serve.stderr.trim()]).toEqual([2, expect.stringContaining('has no token')]);
  const nowhere = await regionlink(['token', 'ci']);
  expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining('--tokens FILE')]);
});
