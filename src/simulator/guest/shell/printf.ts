/**
 * The printf of shells and awk: formats over byte strings. The one rule: it is pure; whoever calls it prints.
 */

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * Resolves backslash sequences.
 * @param dialect `echo` and `%b` want `\0nnn` and know `\c` (print nothing more), a printf format wants `\nnn`
 */
export function unescapeText(
  text: string,
  dialect: 'echo' | 'format',
): { readonly out: string; readonly stop: boolean } {
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== '\\') {
      out += text[i];
      continue;
    }
    const next = text[i + 1] ?? '';
    const octal = (dialect === 'echo' ? /^0([0-7]{0,3})/ : /^([0-7]{1,3})/).exec(text.slice(i + 1));
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(i + 1));
    if (octal) {
      out += String.fromCharCode(Number.parseInt(octal[1] || '0', 8) & 255);
      i += octal[0].length;
    } else if (hex) {
      out += String.fromCharCode(Number.parseInt(hex[1] ?? '0', 16));
      i += hex[0].length;
    } else if (next === 'c' && dialect === 'echo') return { out, stop: true };
    else if (next === 'e') {
      out += '\x1b';
      i += 1;
    } else if (SIMPLE[next] !== undefined) {
      out += SIMPLE[next];
      i += 1;
    } else out += '\\';
  }
  return { out, stop: false };
}

/** Formats `args`, using the format again while arguments are left (POSIX printf). */
export function formatPrintf(
  format: string,
  args: readonly string[],
): { readonly out: string; readonly errors: readonly string[] } {
  const errors: string[] = [];
  const queue = [...args];
  let out = '';
  do {
    const before = queue.length;
    const once = formatOnce(format, queue, errors);
    out += once.out;
    if (once.stop || queue.length === before) break;
  } while (queue.length > 0);
  return { out, errors };
}

function formatOnce(format: string, queue: string[], errors: string[]): { out: string; stop: boolean } {
  let out = '';
  const pieces = format.matchAll(/%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])|%%|((?:\\[\s\S]|[^%\\])+)|[\s\S]/g);
  for (const piece of pieces) {
    const [matched, flags = '', width, precision, conversion, literal] = piece;
    if (conversion === undefined) {
      out += literal === undefined ? matched : unescapeText(literal, 'format').out;
      continue;
    }
    if (conversion === '%') {
      out += '%';
      continue;
    }
    const size = (given: string | undefined): number | undefined =>
      given === undefined ? undefined : Number(given === '*' ? (queue.shift() ?? '0') : given);
    const wide = size(width);
    const limit = matched.includes('.') ? (size(precision) ?? 0) : undefined;
    const arg = queue.shift();
    if (conversion === 'b') {
      const { out: text, stop } = unescapeText(arg ?? '', 'echo');
      out += pad(limit === undefined ? text : text.slice(0, limit), flags, wide);
      if (stop) return { out, stop };
    } else out += convert(conversion, flags, wide, limit, arg, errors);
  }
  return { out, stop: false };
}

function convert(
  conversion: string,
  flags: string,
  width: number | undefined,
  precision: number | undefined,
  arg: string | undefined,
  errors: string[],
): string {
  if (conversion === 's')
    return pad(precision === undefined ? (arg ?? '') : (arg ?? '').slice(0, precision), flags, width);
  if (conversion === 'c') return pad((arg ?? '').slice(0, 1), flags, width);
  return formatNumber(conversion, flags, width, precision, toNumber(arg, errors));
}

function toNumber(arg: string | undefined, errors: string[]): number | bigint {
  if (arg === undefined || arg === '') return 0n;
  if (/^["'][\s\S]/.test(arg)) return BigInt(arg.charCodeAt(1));
  const found = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|\d+(?![\d.eE]))/.exec(arg);
  const float = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(arg);
  if (found && (!float || float[0].length <= found[0].length)) {
    if (found[0].length !== arg.length) errors.push(`${arg}: not completely converted`);
    const digits = found[2] ?? '0';
    const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
    return found[1] === '-' ? -value : value;
  }
  if (float) {
    if (float[0].length !== arg.length) errors.push(`${arg}: not completely converted`);
    return Number(float[0]);
  }
  errors.push(`${arg}: expected numeric value`);
  return 0n;
}

/** One number by a conversion of `diouxXeEfFgG`. */
export function formatNumber(
  conversion: string,
  flags: string,
  width: number | undefined,
  precision: number | undefined,
  value: number | bigint,
): string {
  const negative = value < 0;
  let digits: string;
  if ('diouxX'.includes(conversion)) {
    const whole = typeof value === 'bigint' ? value : BigInt(Number.isFinite(value) ? Math.trunc(value) : 0);
    const magnitude =
      conversion === 'd' || conversion === 'i' ? (whole < 0n ? -whole : whole) : BigInt.asUintN(64, whole);
    const base = conversion === 'o' ? 8 : conversion === 'x' || conversion === 'X' ? 16 : 10;
    digits = magnitude.toString(base).padStart(precision ?? 1, '0');
    if (flags.includes('#') && base !== 10 && magnitude !== 0n) digits = `${base === 8 ? '0' : '0x'}${digits}`;
    if (conversion === 'X') digits = digits.toUpperCase();
  } else digits = formatFloat(conversion, Math.abs(Number(value)), precision ?? 6, flags);
  const signed = 'dieEfFgG'.includes(conversion);
  const sign =
    signed && negative ? '-' : signed && flags.includes('+') ? '+' : signed && flags.includes(' ') ? ' ' : '';
  const zeros =
    flags.includes('0') && !flags.includes('-') && !('diouxX'.includes(conversion) && precision !== undefined);
  if (zeros) return `${sign}${digits.padStart((width ?? 0) - sign.length, '0')}`;
  return pad(`${sign}${digits}`, flags, width);
}

function formatFloat(conversion: string, value: number, precision: number, flags: string): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf';
  const lower = conversion.toLowerCase();
  let text: string;
  if (lower === 'f') text = value.toFixed(Math.min(precision, 100));
  else if (lower === 'e') text = exponent(value.toExponential(Math.min(precision, 100)));
  else {
    const significant = precision === 0 ? 1 : Math.min(precision, 100);
    const power = value === 0 ? 0 : Number(value.toExponential(significant - 1).split('e')[1]);
    const plain = power >= -4 && power < significant;
    text = plain ? value.toFixed(Math.max(0, significant - 1 - power)) : exponent(value.toExponential(significant - 1));
    if (!flags.includes('#') && text.includes('.')) text = text.replace(/\.?0+(?=e|$)/, '');
  }
  return conversion === lower ? text : text.toUpperCase();
}

function exponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

/** Pads to `width`; `-` in the flags puts the blanks behind. */
function pad(text: string, flags: string, width: number | undefined): string {
  const wanted = Math.min(Math.abs(width ?? 0), 65_536);
  return flags.includes('-') || (width ?? 0) < 0 ? text.padEnd(wanted) : text.padStart(wanted);
}
