/**
 * The scripts that test VMs run, and what their consoles and `ping` itself say: of the proof by console the whole, of the one by SSH the way in.
 * The rule: the script is plain `sh` as busybox, CirrOS and cloud-init images have it; the reader accepts its lines anywhere in a console that others write to as well.
 */
import type { PingStatistics } from '../workflows/protocol.js';

export interface CheckScriptOptions {
  /** Of the run: an older VM's lines are not taken for this one's. Not secret. */
  readonly nonce: string;
  readonly site: string;
  /** Of each the name that `nameOfVm` gives. */
  readonly peers: readonly { readonly name: string; readonly address: string }[];
}

export interface LoginScriptOptions {
  readonly nonce: string;
  readonly site: string;
  /** Whom to let in, by `useradd`'s rules for a name. */
  readonly user: string;
  /** A line of `authorized_keys`. Nothing else of the key may be in here. */
  readonly publicKey: string;
}

/** Pings in one measured sequence, seconds apart, and seconds that the last one is waited for. */
const COUNT = 5;
const WAIT_SECONDS = 2;
const WORD = 'regionlink-check';

/** Longest that one measured sequence may take, in milliseconds, and as much again for a slow machine. */
export const SEQUENCE_MS = 2 * (COUNT + WAIT_SECONDS) * 1000;

/** The name of a site's test VM on consoles and in messages: the site's own, with the part of its keys where it has one. */
export function nameOfVm(site: string, part: string): string {
  return part === '' ? site : `${site}:${part}`;
}

/** One measured sequence, for a shell. */
export function pingCommand(address: string): string {
  return `ping -c ${COUNT} -W ${WAIT_SECONDS} ${address}`;
}

/** How a script begins: with a way to tell something on the console. */
function head(what: string, { nonce, site }: { readonly nonce: string; readonly site: string }): string {
  return `#!/bin/sh
# Test VM of regionlink: ${what}
tag="${WORD} ${nonce} ${site}"
say() { if [ -w /dev/console ]; then echo "$*" > /dev/console; else echo "$*"; fi; }
`;
}

/** User data that pings every peer over and over: one short probe until it answers, then a measured sequence. */
export function checkScript({ nonce, site, peers }: CheckScriptOptions): string {
  const targets = peers.map((peer) => `${peer.name}=${peer.address}`).join(' ');
  return `${head('pings its peers and writes what ping says to the console.', { nonce, site })}summary() { grep -E 'packets transmitted|min/avg/max' | tr '\\n' ' '; }
say "$tag start"
seq=0
while [ "$seq" -lt 100000 ]; do
  for target in ${targets}; do
    seq=$((seq + 1))
    peer=\${target%%=*}
    address=\${target#*=}
    say "$tag $peer $seq begin"
    if ping -c 1 -W 1 "$address" > /dev/null 2>&1; then
      say "$tag $peer $seq end $(${pingCommand('"$address"')} 2>&1 | summary)"
    fi
  done
  sleep 1
done
`;
}

/**
 * User data that lets a key in, and says so on the console. Where the image has an SSH server of its own, that is all it takes.
 */
export function loginScript({ nonce, site, user, publicKey }: LoginScriptOptions): string {
  return `${head('lets the check log in by SSH.', { nonce, site })}home=$(grep "^${user}:" /etc/passwd | cut -d: -f6)
if [ -z "$home" ]; then say "$tag has no user ${user}"; exit 1; fi
mkdir -p "$home/.ssh"
printf '\n%s\n' '${publicKey}' >> "$home/.ssh/authorized_keys"
chown ${user} "$home/.ssh" "$home/.ssh/authorized_keys"
chmod 700 "$home/.ssh"
chmod 600 "$home/.ssh/authorized_keys"
if command -v restorecon > /dev/null 2>&1; then restorecon -R "$home/.ssh"; fi
say "$tag start"
`;
}

/** What one VM's console tells about one peer. */
export interface ConsoleReport {
  readonly started: boolean;
  /** Highest sequence that has begun, 0 for none. */
  readonly begun: number;
  /** Measured sequences, oldest first. */
  readonly measured: readonly (PingSummary & { readonly sequence: number })[];
}

/** What a site's VM has written to its console of this run's. */
function linesOf(text: string, nonce: string, site: string): readonly string[] {
  const tag = `${WORD} ${nonce} ${site}`;
  return text
    .split('\n')
    .flatMap((line) => (line.includes(tag) ? [line.slice(line.indexOf(tag) + tag.length + 1).trim()] : []));
}

/** Whether a VM's script has begun, by its console. */
export function hasStarted(text: string, nonce: string, site: string): boolean {
  return linesOf(text, nonce, site).length > 0;
}

/** Reads a console for the lines of a site's VM about the peer of that name. */
export function readConsole(text: string, nonce: string, site: string, peer: string): ConsoleReport {
  const ours = linesOf(text, nonce, site)
    .map((line) => line.match(/^(\S+) (\d+) (begin|end)(.*)$/))
    .filter((match) => match?.[1] === peer);
  const measured = ours.flatMap((match) => {
    const [, , sequence, what, rest] = match ?? [];
    const statistics = what === 'end' ? readSummary(rest ?? '') : undefined;
    return statistics === undefined ? [] : [{ ...statistics, sequence: Number(sequence) }];
  });
  return {
    started: hasStarted(text, nonce, site),
    begun: Math.max(0, ...ours.map((match) => Number(match?.[2]))),
    measured,
  };
}

export type PingSummary = Pick<PingStatistics, 'sent' | 'received' | 'lossPercent' | 'rtt'>;

/** What `ping` says at its end. Undefined where it says nothing, or no answer came, which leaves it without times. */
export function readSummary(text: string): PingSummary | undefined {
  // iputils and busybox word it differently.
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
