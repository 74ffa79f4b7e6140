/** The lab keeps to itself while it runs: the machine's own network has nothing of it, and out of it there is no way. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';

/** This test is inside the lab's network; the machine's own is that of the process which has sent it there. */
const MACHINE = ['nsenter', `--net=${networkOutside()}`];
/** 10.250.0.0/24 and the external networks, which are the lab's alone; and the names of its links. */
const OURS =
  /\b(10\.250\.0|172\.24\.[456]|192\.168\.10)\.|\blab-|\bm-(wan|left|right|peer)\b|\bw-(left|right|peer)\b|\bq(r|g)-|\bbrq|\btap/;

function networkOutside(): string {
  const networkOf = (pid: string) => `/proc/${pid}/ns/net`;
  const ours = readlinkSync(networkOf('self'));
  for (let pid = 'self'; ; pid = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0') {
    if (readlinkSync(networkOf(pid)) !== ours) return networkOf(pid);
  }
}

function say(...[program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

test.each([
  ['ip', 'address'],
  ['ip', 'route', 'show', 'table', 'all'],
  ['ss', '-Hltun'],
])('the machine has nothing of it: %s %s', (...command) => {
  expect(say(...command)).toMatch(OURS);
  expect(say(...MACHINE, ...command)).not.toMatch(OURS);
});

test('no wire leads from the machine to it', () => {
  // `ip` tells the namespace of a wire's other end by its name.
  expect(say('ip', '-details', 'link', 'show', 'type', 'veth')).toMatch(/link-netns lab-/);
  expect(say(...MACHINE, 'ip', '-details', 'link', 'show', 'type', 'veth')).not.toMatch(/link-netns lab-/);
});

test.each(['root', 'wan', 'left', 'right'])('lab-%s has no route to anywhere else', (name) => {
  const elsewhere = ['ip', '-n', `lab-${name}`, 'route', 'get', '198.51.100.1'];
  expect(() => say(...elsewhere)).toThrow();
});

test('the peer’s only way out is lab-wan, which has none', () => {
  expect(say('ip', '-n', 'lab-peer', 'route', 'get', '198.51.100.1')).toContain(' via 172.24.6.1 dev ext ');
  expect(say('ip', '-n', 'lab-wan', 'address')).toContain(' 172.24.6.1/24 ');
});
