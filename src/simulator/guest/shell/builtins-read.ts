/**
 * `read` and `getopts`: input and options, word by word into variables.
 * The one rule: `read` takes exactly one line and leaves the rest to whoever reads next.
 */
import type { Builtin } from './builtin.js';

export const read: Builtin = async (shell, args, io) => {
  const names = [...args];
  let raw = false;
  let seconds: number | undefined;
  while (/^-./.test(names[0] ?? '')) {
    const flag = names.shift() ?? '';
    if (flag.includes('r')) raw = true;
    if (flag === '-p') await io.err(names.shift() ?? '');
    if (flag === '-t') seconds = Number(names.shift());
  }
  const gather = async (): Promise<{ text: string; ended: boolean }> => {
    let text = '';
    for (;;) {
      const line = await io.line();
      if (line === undefined) return { text, ended: true };
      text += line;
      if (raw || !/(?:^|[^\\])(?:\\\\)*\\\n$/.test(text)) break;
      text = text.slice(0, -2);
    }
    return text.endsWith('\n') ? { text: text.slice(0, -1), ended: false } : { text, ended: true };
  };
  const expired = Symbol('expired');
  const got = await (seconds === undefined
    ? gather()
    : Promise.race([gather(), io.sleep(seconds * 1000).then((): typeof expired => expired)]));
  if (got === expired) return 142;
  const result = got as { text: string; ended: boolean };
  if (names.length === 0) names.push('REPLY');
  const values = splitLine(result.text, names.length, shell.get('IFS') ?? ' \t\n', raw);
  for (const [index, name] of names.entries()) shell.assign(name, values[index] ?? '');
  return result.ended ? 1 : 0;
};

/** Splits as field splitting does, but the last name takes all that is left. */
function splitLine(text: string, count: number, ifs: string, raw: boolean): string[] {
  const chars: { char: string; quoted: boolean }[] = [];
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\' && !raw) {
      i += 1;
      if (i < text.length) chars.push({ char: text[i] ?? '', quoted: true });
    } else chars.push({ char: text[i] ?? '', quoted: false });
  }
  const isSeparator = (at: number): boolean => {
    const item = chars[at];
    return item !== undefined && !item.quoted && ifs.includes(item.char);
  };
  const isSpace = (at: number): boolean => isSeparator(at) && ' \t\n'.includes(chars[at]?.char ?? '');
  let at = 0;
  const skip = (): void => {
    while (isSpace(at)) at += 1;
  };
  const out: string[] = [];
  skip();
  while (out.length < count - 1 && at < chars.length) {
    let field = '';
    while (at < chars.length && !isSeparator(at)) {
      field += chars[at]?.char ?? '';
      at += 1;
    }
    out.push(field);
    skip();
    if (at < chars.length && isSeparator(at)) {
      at += 1;
      skip();
    }
  }
  let end = chars.length;
  while (end > at && isSpace(end - 1)) end -= 1;
  const rest = chars.slice(at, end);
  const lone = rest.findIndex((item) => !item.quoted && ifs.includes(item.char));
  // One separator at the very end belongs to the last field's end, not to its text.
  const last =
    lone === rest.length - 1 && rest.length > 0 && !' \t\n'.includes(rest[lone]?.char ?? ' ')
      ? rest.slice(0, -1)
      : rest;
  out.push(last.map((item) => item.char).join(''));
  return out;
}

export const getopts: Builtin = async (shell, args, io) => {
  const [spec = '', name = 'opt', ...given] = args;
  const words = given.length > 0 ? given : shell.parameters;
  const index = Number(shell.get('OPTIND') ?? '1');
  const within = Number(shell.get('OPTPOS') ?? '1');
  const word = words[index - 1] ?? '';
  const done = (next: number): number => {
    shell.assign(name, '?');
    shell.assign('OPTIND', String(next));
    shell.assign('OPTPOS', '1');
    return 1;
  };
  if (word === '--') return done(index + 1);
  if (!/^-./.test(word)) return done(index);
  const letter = word[within] ?? '';
  const found = letter === ':' ? -1 : spec.indexOf(letter);
  const silent = spec.startsWith(':');
  let next = within + 1 < word.length ? index : index + 1;
  let position = within + 1 < word.length ? within + 1 : 1;
  shell.variables.delete('OPTARG');
  let value = letter;
  if (found < 0) {
    value = '?';
    if (silent) shell.assign('OPTARG', letter);
    else await io.err(`Illegal option -${letter}\n`);
  } else if (spec[found + 1] === ':') {
    const argument = within + 1 < word.length ? word.slice(within + 1) : words[index];
    next = within + 1 < word.length ? index + 1 : index + 2;
    position = 1;
    if (argument !== undefined) shell.assign('OPTARG', argument);
    else if (silent) {
      value = ':';
      shell.assign('OPTARG', letter);
    } else {
      value = '?';
      await io.err(`No arg for -${letter} option\n`);
    }
  }
  shell.assign(name, value);
  shell.assign('OPTIND', String(next));
  shell.assign('OPTPOS', String(position));
  return 0;
};
