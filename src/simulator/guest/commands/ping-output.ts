/**
 * What ping prints: iputils 2021 (ping_common.c) and BusyBox 1.35 (networking/ping.c).
 * The one rule: change it only with the program's source or a recorded run at hand.
 */

export interface PingTarget {
  readonly name: string;
  readonly address: string;
  /** Payload bytes. */
  readonly size: number;
  /** Set with -I: the source address and what was given. */
  readonly from?: string;
  readonly device?: string;
}

export interface PingStatistics {
  sent: number;
  errors: number;
  /** Round-trip times in milliseconds, one an answer. */
  readonly rtts: number[];
  startedAt: number;
  /** When the last packet was sent or received, as iputils counts its `time`. */
  endedAt: number;
}

interface PingOutput {
  header(target: PingTarget): string;
  reply(target: PingTarget, sequence: number, answer: { readonly rttMs: number; readonly ttl: number }): string;
  summary(target: PingTarget, statistics: PingStatistics): string;
  status(statistics: PingStatistics, count: number, deadlineMs: number): number;
}

/** iputils prints three significant digits below 100 ms. */
function shortTime(ms: number): string {
  if (ms >= 100) return String(Math.trunc(ms));
  if (ms >= 10) return ms.toFixed(1);
  return ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

function spread(rtts: readonly number[]): {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly deviation: number;
} {
  const mean = rtts.reduce((sum, rtt) => sum + rtt, 0) / rtts.length;
  const squares = rtts.reduce((sum, rtt) => sum + rtt * rtt, 0) / rtts.length;
  return {
    min: Math.min(...rtts),
    mean,
    max: Math.max(...rtts),
    deviation: Math.sqrt(Math.max(0, squares - mean * mean)),
  };
}

export const IPUTILS: PingOutput = {
  header({ name, address, size, from, device }) {
    const source = from === undefined ? '' : ` from ${from} ${device === from ? '' : device}:`;
    return `PING ${name} (${address})${source} ${size}(${size + 28}) bytes of data.\n`;
  },
  reply({ name, address, size }, sequence, { rttMs, ttl }) {
    const who = name === address ? address : `${name} (${address})`;
    return `${size + 8} bytes from ${who}: icmp_seq=${sequence} ttl=${ttl} time=${shortTime(rttMs)} ms\n`;
  },
  summary({ name }, { sent, errors, rtts, startedAt, endedAt }) {
    const loss = Number((((sent - rtts.length) * 100) / sent).toPrecision(6));
    const bad = errors > 0 ? `, +${errors} errors` : '';
    const elapsed = Math.max(0, Math.round(endedAt - startedAt));
    let out = `\n--- ${name} ping statistics ---\n${sent} packets transmitted, ${rtts.length} received${bad}, ${loss}% packet loss, time ${elapsed}ms\n`;
    if (rtts.length === 0) return `${out}${errors > 1 ? `pipe ${Math.min(errors, 4)}` : ''}\n`;
    const { min, mean, max, deviation } = spread(rtts);
    out += `rtt min/avg/max/mdev = ${[min, mean, max, deviation].map((ms) => ms.toFixed(3)).join('/')} ms\n`;
    return out;
  },
  status({ rtts }, count, deadlineMs) {
    if (rtts.length === 0) return 1;
    return deadlineMs !== Infinity && count !== Infinity && rtts.length < count ? 1 : 0;
  },
};

export const BUSYBOX: PingOutput = {
  header: ({ name, address, size, from }) =>
    `PING ${name} (${address})${from === undefined ? '' : ` from ${from}`}: ${size} data bytes\n`,
  reply: ({ address, size }, sequence, { rttMs, ttl }) =>
    `${size + 8} bytes from ${address}: seq=${sequence - 1} ttl=${ttl} time=${rttMs.toFixed(3)} ms\n`,
  summary({ name }, { sent, rtts }) {
    const loss = sent === 0 ? 0 : Math.trunc(((sent - rtts.length) * 100) / sent);
    const out = `\n--- ${name} ping statistics ---\n${sent} packets transmitted, ${rtts.length} packets received, ${loss}% packet loss\n`;
    if (rtts.length === 0) return out;
    const { min, mean, max } = spread(rtts);
    return `${out}round-trip min/avg/max = ${[min, mean, max].map((ms) => ms.toFixed(3)).join('/')} ms\n`;
  },
  status: ({ rtts }) => (rtts.length === 0 ? 1 : 0),
};
