/**
 * date, sleep, uptime, timeout: everything about time, by the guest's clock only.
 */
import { SIGNALS, signalName } from '../process.js';
import { startWords } from '../shell/launch.js';
import type { Program } from './context.js';
import { parseOptions } from './options.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Formats as strftime does, in UTC. @param ms milliseconds since 1970 */
export function formatDate(ms: number, format: string): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const yearDay =
    Math.floor(
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
        86_400_000,
    ) + 1;
  const weekday = DAYS[date.getUTCDay()] ?? '';
  const month = MONTHS[date.getUTCMonth()] ?? '';
  const hour12 = date.getUTCHours() % 12 || 12;
  const nanos = String(Math.floor((((ms % 1000) + 1000) % 1000) * 1e6)).padStart(9, '0');
  const codes: Readonly<Record<string, () => string>> = {
    Y: () => String(date.getUTCFullYear()),
    y: () => two(date.getUTCFullYear() % 100),
    C: () => two(Math.floor(date.getUTCFullYear() / 100)),
    m: () => two(date.getUTCMonth() + 1),
    d: () => two(date.getUTCDate()),
    e: () => String(date.getUTCDate()).padStart(2),
    H: () => two(date.getUTCHours()),
    I: () => two(hour12),
    M: () => two(date.getUTCMinutes()),
    S: () => two(date.getUTCSeconds()),
    N: () => nanos,
    s: () => String(Math.floor(ms / 1000)),
    j: () => String(yearDay).padStart(3, '0'),
    a: () => weekday.slice(0, 3),
    A: () => weekday,
    b: () => month.slice(0, 3),
    h: () => month.slice(0, 3),
    B: () => month,
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    u: () => String(date.getUTCDay() || 7),
    w: () => String(date.getUTCDay()),
    Z: () => 'UTC',
    z: () => '+0000',
    n: () => '\n',
    t: () => '\t',
    '%': () => '%',
    F: () => formatDate(ms, '%Y-%m-%d'),
    T: () => formatDate(ms, '%H:%M:%S'),
    R: () => formatDate(ms, '%H:%M'),
    D: () => formatDate(ms, '%m/%d/%y'),
    c: () => formatDate(ms, '%a %b %e %H:%M:%S %Y'),
    x: () => formatDate(ms, '%m/%d/%y'),
    X: () => formatDate(ms, '%H:%M:%S'),
  };
  return format.replace(/%([-_0]?)(\d*)([A-Za-z%])/g, (whole, flag: string, width: string, code: string) => {
    const text = codes[code]?.();
    if (text === undefined) return whole;
    if (code === 'N' && width !== '') return text.slice(0, Number(width));
    return flag === '-'
      ? text.replace(/^[0 ]+(?=.)/, '')
      : flag === '_'
        ? text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length))
        : text;
  });
}

export const date: Program = async (c) => {
  const options = parseOptions(c.args, 'uRI:d:s:r:', ['date=', 'iso-8601', 'utc']);
  const given = options.get('d') ?? options.get('date');
  let ms = c.machine.clock.now();
  if (given !== undefined && given !== 'now') {
    ms = /^@-?\d+(?:\.\d+)?$/.test(given)
      ? Number(given.slice(1)) * 1000
      : Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(given) ? given : `${given} UTC`);
    if (Number.isNaN(ms)) return c.fail(`invalid date '${given}'`);
  }
  let format = options.operands.find((operand) => operand.startsWith('+'))?.slice(1);
  if (options.has('R')) format ??= '%a, %d %b %Y %H:%M:%S %z';
  if (c.args.some((arg) => /^(?:-I|--iso-8601)/.test(arg)))
    format = /seconds/.test(c.args.join(' ')) ? '%Y-%m-%dT%H:%M:%S+00:00' : '%F';
  // busybox date has no %N.
  if (c.machine.userSpace === 'busybox') format = format?.replaceAll('%N', 'N');
  await c.out(`${formatDate(ms, format ?? '%a %b %e %H:%M:%S UTC %Y')}\n`);
  return 0;
};

/** `1.5`, `2m`, `1h` in milliseconds; undefined if it is none. */
function duration(text: string): number | undefined {
  const found = /^(\d*\.?\d+|\d+\.)([smhd]?)$/.exec(text);
  if (!found) return text === 'infinity' ? 2 ** 31 : undefined;
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[found[2] ?? ''] ?? 1;
  return Number(found[1]) * unit * 1000;
}

export const sleep: Program = async (c) => {
  if (c.args.length === 0) return c.fail('missing operand');
  let total = 0;
  for (const arg of c.args) {
    const ms = duration(arg);
    if (ms === undefined)
      return c.fail(c.machine.userSpace === 'busybox' ? `invalid number '${arg}'` : `invalid time interval '${arg}'`);
    total += ms;
  }
  await c.sleep(total);
  return 0;
};

export const timeout: Program = async (c) => {
  const options = parseOptions(c.args, '+s:k:t:v', ['signal=', 'kill-after=', 'preserve-status', 'foreground']);
  const rest = [...options.operands];
  const ms = duration(options.get('t') ?? rest.shift() ?? '');
  if (ms === undefined || rest.length === 0) return c.fail('invalid time interval', 125);
  const signal = signalName(options.get('s') ?? options.get('signal') ?? 'TERM') ?? 'TERM';
  const child = startWords(c, rest);
  const stop = new AbortController();
  const onKill = (): void => {
    child.kill('KILL');
    stop.abort();
  };
  c.process.signal.addEventListener('abort', onKill, { once: true });
  let expired = false;
  const watch = c.machine.clock.sleep(ms, stop.signal).then(
    async () => {
      expired = ms > 0;
      if (expired) child.kill(signal);
      const grace = duration(options.get('k') ?? options.get('kill-after') ?? '');
      if (grace === undefined) return;
      await c.machine.clock.sleep(grace, stop.signal).then(
        () => child.kill('KILL'),
        () => {},
      );
    },
    () => {},
  );
  c.machine.budget.slept();
  try {
    const status = await c.process.guard(child.done);
    if (!expired || options.has('preserve-status')) return status;
    return c.machine.userSpace === 'busybox' ? 128 + (SIGNALS[signal] ?? 15) : 124;
  } finally {
    stop.abort();
    c.process.signal.removeEventListener('abort', onKill);
    await watch;
  }
};

export const uptime: Program = async (c) => {
  const seconds = (c.machine.clock.now() - c.machine.bootedAt) / 1000;
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  const up = hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}` : `${minutes} min`;
  await c.out(
    ` ${formatDate(c.machine.clock.now(), '%H:%M:%S')} up ${up},  0 users,  load average: 0.08, 0.03, 0.01\n`,
  );
  return 0;
};
