/**
 * Programs that pass text through: cat, head, tail, tee, wc, seq, yes.
 * The one rule: they stream; what comes in goes out before the next is read, so that `ping | tee log` shows each line in time.
 */
import type { Sink } from '../streams.js';
import type { Program } from './context.js';
import { parseOptions } from './options.js';

export const cat: Program = async (c) => {
  const options = parseOptions(c.args, 'nbsvetAEu');
  let number = 0;
  for await (const { reader } of c.inputs(options.operands)) {
    if (!options.has('n')) {
      for (let part = await c.chunk(reader); part !== undefined; part = await c.chunk(reader)) await c.out(part);
      continue;
    }
    for (let line = await c.line(reader); line !== undefined; line = await c.line(reader)) {
      number += 1;
      await c.out(`${String(number).padStart(6)}\t${line}`);
    }
  }
  return c.failed > 0 ? 1 : 0;
};

/** `-5` as in `head -5` is `-n 5`. */
function oldStyle(args: readonly string[]): string[] {
  return args.flatMap((arg) => (/^-\d+$/.test(arg) ? ['-n', arg.slice(1)] : [arg]));
}

export const head: Program = async (c) => {
  const options = parseOptions(oldStyle(c.args), 'n:c:qv', ['lines=', 'bytes=']);
  const bytes = options.get('c') ?? options.get('bytes');
  const lines = Number(options.get('n') ?? options.get('lines') ?? '10');
  const many = options.operands.length > 1;
  for await (const { name, reader } of c.inputs(options.operands)) {
    if (many && !options.has('q')) await c.out(`==> ${name} <==\n`);
    if (bytes !== undefined) {
      await c.out(await c.process.guard(reader.bytes(Math.min(Number(bytes), 1 << 22))));
      continue;
    }
    const held: string[] = [];
    for (let count = 0; lines < 0 || count < lines; count += 1) {
      const line = await c.line(reader);
      if (line === undefined) break;
      if (lines >= 0) await c.out(line);
      else {
        held.push(line);
        if (held.length > -lines) await c.out(held.shift() ?? '');
      }
    }
  }
  return c.failed > 0 ? 1 : 0;
};

export const tail: Program = async (c) => {
  const options = parseOptions(oldStyle(c.args), 'n:c:fFqs:', ['lines=', 'bytes=']);
  const wanted = options.get('n') ?? options.get('lines') ?? '10';
  const bytes = options.get('c') ?? options.get('bytes');
  for await (const { name, reader } of c.inputs(options.operands)) {
    if (options.operands.length > 1 && !options.has('q')) await c.out(`==> ${name} <==\n`);
    const text = await c.all(reader);
    if (bytes !== undefined) {
      const count = Number(bytes.replace('+', ''));
      await c.out(bytes.startsWith('+') ? text.slice(count - 1) : count === 0 ? '' : text.slice(-count));
      continue;
    }
    const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const count = Number(wanted.replace('+', ''));
    const kept = wanted.startsWith('+')
      ? lines.slice(Math.max(0, count - 1))
      : count === 0
        ? []
        : lines.slice(-Math.abs(count));
    await c.out(kept.join(''));
  }
  const [followed] = options.operands;
  if ((options.has('f') || options.has('F')) && followed !== undefined) await follow(c, followed);
  return c.failed > 0 ? 1 : 0;
};

async function follow(c: Parameters<Program>[0], file: string): Promise<never> {
  const read = (): string => {
    const node = c.machine.files.get(c.path(file));
    return node?.kind === 'file' ? node.content : '';
  };
  for (let seen = read().length; ; ) {
    await c.sleep(1000);
    const now = read();
    if (now.length > seen) await c.out(now.slice(seen));
    seen = now.length;
  }
}

export const tee: Program = async (c) => {
  const options = parseOptions(c.args, 'ai');
  const { files } = c.machine;
  const sinks: Sink[] = [];
  for (const name of options.operands) {
    await c.attempt(name, () => {
      const path = c.path(name);
      const node = files.get(path);
      const device = node?.kind === 'device' ? node.open().sink : undefined;
      if (device) sinks.push(device);
      else {
        const file = node?.kind === 'file' && options.has('a') ? node : files.write(path, '');
        sinks.push({ write: (data) => files.resize(file, file.content + data) });
      }
    });
  }
  for (let part = await c.chunk(); part !== undefined; part = await c.chunk()) {
    await c.out(part);
    for (const sink of sinks) await sink.write(part);
  }
  return 0;
};

export const wc: Program = async (c) => {
  const options = parseOptions(c.args, 'lwcmL');
  const columns = ['l', 'w', 'c', 'm', 'L'].filter((letter) => options.has(letter));
  const rows: { counts: number[]; name: string }[] = [];
  for await (const { name, reader } of c.inputs(options.operands)) {
    const text = await c.all(reader);
    const all: Readonly<Record<string, number>> = {
      l: text.split('\n').length - 1,
      w: text.split(/\s+/).filter(Boolean).length,
      c: text.length,
      m: text.length,
      L: Math.max(...text.split('\n').map((line) => line.length)),
    };
    rows.push({ counts: (columns.length > 0 ? columns : ['l', 'w', 'c']).map((letter) => all[letter] ?? 0), name });
  }
  if (rows.length > 1) {
    const sums = (rows[0]?.counts ?? []).map((_, at) => rows.reduce((sum, row) => sum + (row.counts[at] ?? 0), 0));
    rows.push({ counts: sums, name: 'total' });
  }
  for (const { counts, name } of rows) {
    const named = options.operands.length > 0;
    const width =
      counts.length === 1 && rows.length === 1
        ? 1
        : named
          ? String(Math.max(...rows.flatMap((row) => row.counts))).length
          : 7;
    await c.out(`${counts.map((count) => String(count).padStart(width)).join(' ')}${named ? ` ${name}` : ''}\n`);
  }
  return c.failed > 0 ? 1 : 0;
};

export const seq: Program = async (c) => {
  const options = parseOptions(
    c.args.map((arg) => (/^-[\d.]/.test(arg) ? `\0${arg}` : arg)),
    'ws:f:',
  );
  const numbers = options.operands.map((operand) => operand.replace('\0', ''));
  if (numbers.length === 0) return c.fail('missing operand');
  const bad = numbers.find((text) => !/^-?\d*\.?\d+$/.test(text));
  if (bad !== undefined) return c.fail(`invalid floating point argument: '${bad}'`);
  const [first, step, last] = [
    numbers.length > 1 ? (numbers[0] ?? '1') : '1',
    numbers.length > 2 ? (numbers[1] ?? '1') : '1',
    numbers.at(-1) ?? '1',
  ];
  const digits = Math.max(...[first, step].map((text) => text.split('.')[1]?.length ?? 0));
  const separator = options.get('s') ?? '\n';
  const increment = Number(step);
  if (increment === 0) return c.fail("invalid Zero increment value: '0'");
  const count = Math.floor((Number(last) - Number(first)) / increment + 1e-9) + 1;
  const width = options.has('w')
    ? Math.max(Number(first).toFixed(digits).length, Number(last).toFixed(digits).length)
    : 0;
  for (let i = 0; i < count; ) {
    const block: string[] = [];
    for (const end = Math.min(count, i + 1000); i < end; i += 1) {
      block.push((Number(first) + i * increment).toFixed(digits).padStart(width, '0'));
    }
    await c.out(`${block.join(separator)}${i < count ? separator : '\n'}`);
  }
  return 0;
};

export const yes: Program = async (c) => {
  const line = `${c.args.length > 0 ? c.args.join(' ') : 'y'}\n`;
  for (;;) await c.out(line.repeat(100));
};
