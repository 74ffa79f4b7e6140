/**
 * The two ends of the proof by console: the script that a test VM runs, and what its console says of it.
 * The rule: the script is plain `sh` as busybox, CirrOS and cloud-init images have it; the reader accepts its lines anywhere in a console that others write to as well.
 */
import type { PingStatistics } from '../workflows/protocol.js';

export interface CheckScriptOptions {
  /** Of the run: an older VM's lines are not taken for this one's. Not secret. */
  readonly nonce: string;
  readonly site: string;
  readonly peers: readonly { readonly site: string; readonly address: string }[];
}

/** Pings in one measured sequence. */
const COUNT = 5;
const WORD = 'regionlink-check';

/** User data that pings every peer over and over: one short probe until it answers, then a measured sequence. */
export function checkScript({ nonce, site, peers }: CheckScriptOptions): string {
  const targets = peers.map((peer) => `${peer.site}=${peer.address}`).join(' ');
  return `#!/bin/sh
# Test VM of regionlink: pings its peers and writes what ping says to the console.
tag="${WORD} ${nonce} ${site}"
say() { if [ -w /dev/console ]; then echo "$*" > /dev/console; else echo "$*"; fi; }
summary() { grep -E 'packets transmitted|min/avg/max' | tr '\\n' ' '; }
say "$tag start"
seq=0
while [ "$seq" -lt 100000 ]; do
  for target in ${targets}; do
    seq=$((seq + 1))
    peer=\${target%%=*}
    address=\${target#*=}
    say "$tag $peer $seq begin"
    if ping -c 1 -W 1 "$address" > /dev/null 2>&1; then
      say "$tag $peer $seq end $(ping -c ${COUNT} -W 2 "$address" 2>&1 | summary)"
    else
      sleep 1
    fi
  done
  sleep 1
done
`;
}

/** What one VM's console tells about one peer. */
export interface ConsoleReport {
  readonly started: boolean;
  /** Highest sequence that has begun, 0 for none. */
  readonly begun: number;
  /** Measured sequences, oldest first. */
  readonly measured: readonly (Pick<PingStatistics, 'sent' | 'received' | 'lossPercent' | 'rtt'> & {
    readonly sequence: number;
  })[];
}

/** Reads a console for the lines of one VM about one peer. iputils and busybox word their summaries differently. */
export function readConsole(text: string, nonce: string, site: string, peer: string): ConsoleReport {
  const tag = `${WORD} ${nonce} ${site}`;
  const lines = text
    .split('\n')
    .flatMap((line) => (line.includes(tag) ? [line.slice(line.indexOf(tag) + tag.length + 1).trim()] : []));
  const ours = lines
    .map((line) => line.match(new RegExp(`^${peer} (\\d+) (begin|end)(.*)$`)))
    .filter((match) => match !== null);
  const measured = ours.flatMap(([, sequence, what, rest]) => {
    const statistics = what === 'end' ? readSummary(rest ?? '') : undefined;
    return statistics === undefined ? [] : [{ ...statistics, sequence: Number(sequence) }];
  });
  return {
    started: lines.length > 0,
    begun: Math.max(0, ...ours.map((match) => Number(match[1]))),
    measured,
  };
}

function readSummary(text: string): Pick<PingStatistics, 'sent' | 'received' | 'lossPercent' | 'rtt'> | undefined {
  const counts = text.match(/(\d+) packets transmitted, (\d+)(?: packets)? received/);
  const times = text.match(/= ?([\d.]+)\/([\d.]+)\/([\d.]+)/);
  if (counts === null || times === null) return undefined;
  const [sent, received] = [Number(counts[1]), Number(counts[2])];
  return {
    sent,
    received,
    lossPercent: sent === 0 ? 100 : Math.round((100 * (sent - received)) / sent),
    rtt: { min: Number(times[1]), avg: Number(times[2]), max: Number(times[3]) },
  };
}
