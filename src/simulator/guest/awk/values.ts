/**
 * awk's values: numbers, strings, and strings that came from input and look like numbers ("strnum").
 * The one rule: two values compare as numbers only if neither is a plain string (POSIX awk, "Expressions in awk").
 */

/** A strnum is input text that looks numeric: it compares as a number and prints as it was. */
export type Value = number | string | { readonly strnum: string };

export function inputValue(text: string): Value {
  return /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(text) ? { strnum: text } : text;
}

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  const text = typeof value === 'string' ? value : value.strnum;
  return Number(/^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(text)?.[1] ?? 0);
}

export function toText(value: Value, format: (value: number) => string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return value.strnum;
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value === 0 ? 0 : value);
  return format(value);
}

export function isTrue(value: Value): boolean {
  if (typeof value === 'string') return value !== '';
  return toNumber(value) !== 0;
}

/** Negative, zero or positive. An unset variable counts as both, so it never forces a comparison of strings. */
export function compareValues(
  left: Value | undefined,
  right: Value | undefined,
  format: (value: number) => string,
): number {
  const numeric = (value: Value | undefined): boolean => typeof value !== 'string';
  if (numeric(left) && numeric(right)) return toNumber(left ?? 0) - toNumber(right ?? 0);
  const [a, b] = [toText(left ?? '', format), toText(right ?? '', format)];
  return a < b ? -1 : a > b ? 1 : 0;
}
