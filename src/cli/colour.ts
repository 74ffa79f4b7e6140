/** Colours, only where they are wanted: on a terminal, unless NO_COLOR is set; always with FORCE_COLOR. */

export interface Colours {
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly bold: (text: string) => string;
}

const CODES: Readonly<Record<keyof Colours, number>> = { dim: 2, green: 32, red: 31, yellow: 33, bold: 1 };

export function colours(wanted: boolean): Colours {
  const paint = (code: number) => (text: string) => (wanted && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, paint(code)])) as unknown as Colours;
}

/** https://no-color.org and https://force-color.org */
export function wantsColour(stream: { readonly isTTY?: boolean }, env = process.env): boolean {
  if (env.NO_COLOR) return false;
  return Boolean(env.FORCE_COLOR) || (stream.isTTY === true && env.TERM !== 'dumb');
}
