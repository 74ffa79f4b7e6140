/**
 * Command-line options as getopt has them: bundled letters, values attached or apart, `--`, a few long ones.
 * The one rule: letters that take a value are those followed by a colon in `spec`.
 */

export interface Options {
  /** Values by letter (or long name); an option without value is ''. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** The first option that `spec` does not know. */
  readonly unknown: string | undefined;
  has(name: string): boolean;
  /** The last value given. */
  get(name: string): string | undefined;
}

/**
 * @param spec letters, each followed by `:` if it takes a value; a leading `+` stops at the first operand
 * @param long long names; `name=` takes a value. Unknown long options are ignored
 */
export function parseOptions(args: readonly string[], spec: string, long: readonly string[] = []): Options {
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  let unknown: string | undefined;
  const add = (name: string, value: string): void => {
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith('--')) {
      const [name = '', value] = [
        arg.slice(2).split('=')[0],
        arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined,
      ];
      if (value === undefined && long.includes(`${name}=`)) {
        i += 1;
        add(name, args[i] ?? '');
      } else add(name, value ?? '');
    } else if (/^-./.test(arg)) {
      for (let at = 1; at < arg.length; at += 1) {
        const letter = arg[at] ?? '';
        const found = spec.indexOf(letter);
        if (found < 0 || letter === ':') unknown ??= letter;
        if (found < 0 || spec[found + 1] !== ':') {
          add(letter, '');
          continue;
        }
        const attached = arg.slice(at + 1);
        if (attached === '') i += 1;
        add(letter, attached === '' ? (args[i] ?? '') : attached);
        break;
      }
    } else if (spec.startsWith('+')) {
      operands.push(...args.slice(i));
      break;
    } else operands.push(arg);
  }
  return {
    values,
    operands,
    unknown,
    has: (name) => values.has(name),
    get: (name) => values.get(name)?.at(-1),
  };
}
