/**
 * Programs that show bytes in another form: od, base64, checksums. The one rule: input and output are byte strings, never text.
 */
import { createHash } from 'node:crypto';
import type { Program } from './context.js';
import { parseOptions } from './options.js';

export const od: Program = async (c) => {
  const options = parseOptions(c.args, 'A:t:N:vxcj:w:', ['width=']);
  const [file = '-'] = options.operands;
  const reader = await c.open(file);
  if (!reader) return 1;
  const limit = options.get('N');
  const text =
    limit === undefined ? await c.all(reader) : await c.process.guard(reader.bytes(Math.min(Number(limit), 1 << 20)));
  const type = options.get('t') ?? (options.has('c') ? 'c' : options.has('x') ? 'x2' : 'o2');
  const radix = options.get('A') ?? 'o';
  const size = type[0] === 'c' || type[0] === 'a' ? 1 : Number(type.slice(1).replace(/\D/g, '') || 4);
  const offset = (at: number): string =>
    radix === 'n' ? '' : at.toString(radix === 'x' ? 16 : radix === 'd' ? 10 : 8).padStart(radix === 'x' ? 6 : 7, '0');
  for (let at = 0; at < text.length; at += 16) {
    let row = offset(at);
    for (let unit = at; unit < Math.min(at + 16, text.length); unit += size)
      row += odUnit(text.slice(unit, unit + size), type[0] ?? 'o', size);
    await c.out(`${row}\n`);
  }
  if (radix !== 'n') await c.out(`${offset(text.length)}\n`);
  return 0;
};

function odUnit(bytes: string, type: string, size: number): string {
  if (type === 'c') {
    const code = bytes.charCodeAt(0);
    const named = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }[code];
    return (named ?? (code >= 32 && code < 127 ? bytes : code.toString(8).padStart(3, '0'))).padStart(4);
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = value * 256n + BigInt(bytes.charCodeAt(i));
  const bits = size * 8;
  if (type === 'x') return ` ${value.toString(16).padStart(size * 2, '0')}`;
  if (type === 'o') return ` ${value.toString(8).padStart(Math.ceil(bits / 3), '0')}`;
  const shown = type === 'd' ? BigInt.asIntN(bits, value) : value;
  const width =
    ({ 1: type === 'd' ? 4 : 3, 2: type === 'd' ? 6 : 5, 4: type === 'd' ? 11 : 10, 8: 20 }[size] ?? 20) + 1;
  return shown.toString().padStart(width);
}

export const base64: Program = async (c) => {
  const options = parseOptions(c.args, 'dw:i', ['decode']);
  let text = '';
  for await (const { reader } of c.inputs(options.operands)) text += await c.all(reader);
  if (options.has('d') || options.has('decode')) {
    await c.out(Buffer.from(text, 'base64').toString('latin1'));
    return 0;
  }
  const encoded = Buffer.from(text, 'latin1').toString('base64');
  const width = Number(options.get('w') ?? 76);
  await c.out(
    width > 0 ? (encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map((line) => `${line}\n`).join('') : encoded,
  );
  return 0;
};

function digest(algorithm: string): Program {
  return async (c) => {
    for await (const { name, reader } of c.inputs(parseOptions(c.args, 'bt').operands)) {
      await c.out(
        `${createHash(algorithm)
          .update(await c.all(reader), 'latin1')
          .digest('hex')}  ${name}\n`,
      );
    }
    return c.failed > 0 ? 1 : 0;
  };
}

export const md5sum = digest('md5');
export const sha1sum = digest('sha1');
export const sha256sum = digest('sha256');
export const sha512sum = digest('sha512');
