/**
 * `npm run bench:openstack`: how long the main job takes on a real cloud, and what it asks of it, side by side in one run: regionlink, and where a `tofu` or
 * `terraform` with the OpenStack provider is on PATH, that. Asserts nothing.
 *
 * `-- --rounds N` measures in N turns, one tool after the other, and prints each and the medians: what a cloud's agents are at just then makes a difference of
 * half a minute, so one turn tells little.
 *
 * Both are timed by one watch: from the start until the last connection is made, until the API says ACTIVE at both ends, until a ping is proven (which only
 * regionlink does), and for the removal. Calls are counted on the way to the clouds, but for Keystone's and those of this watch. `work` is what the machine's
 * cores did meanwhile, clouds and tool together, until it is ACTIVE and, for regionlink, until its test VMs are gone: on a machine that has few of them, that is what a time is made of.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { longestPath } from '../src/graph/walk.js';
import { Clouds } from '../src/openstack/clouds-config.js';
import type { Progress } from '../src/workflows/protocol.js';
import { CloudBed, REGIONS } from '../test/cloud/bed.js';

interface Timed {
  readonly made: number;
  /** None where it was waited for in vain. */
  readonly active: number | undefined;
  readonly proven?: number;
  readonly destroyed: number;
  /** CPU time of the machine, in milliseconds. */
  readonly work: number;
  /** Calls by what is called, and there by method. */
  readonly calls: Calls;
}

type Calls = Readonly<Record<string, Readonly<Record<string, number>>>>;

const NAME = 'bench';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: a whole number from 1, not ${values.rounds}`);

const bed = await CloudBed.start();
try {
  const folder = mkdtempSync(join(tmpdir(), 'regionlink-bench-'));
  cpSync('scripts/opentofu', folder, { recursive: true });
  const tool = usualTool(folder);
  const ours: Timed[] = [];
  const theirs: Timed[] = [];
  for (let round = 1; round <= rounds; round++) {
    ours.push(await timeRegionlink());
    if (tool !== undefined) theirs.push(await timeUsualTool(tool, folder));
  }
  rmSync(folder, { recursive: true });
  print(ours, theirs, tool);
  const left = await bed.changes();
  if (left.length > 0) console.log(`left in the clouds:\n${left.join('\n')}`);
} finally {
  await bed.stop();
}

async function timeRegionlink(): Promise<Timed> {
  bed.proxy.clear();
  const start = Date.now();
  const busyBefore = busyMs();
  const run = await bed.link.provision(bed.spec(NAME));
  const activeAfter = msToActive(start);
  await run.result();
  const active = await activeAfter;
  const work = busyMs() - busyBefore;
  const { progress } = await run.status();
  if (progress === undefined) throw new Error('no worker answers');
  const calls = countCalls();
  const destroyed = await timed(async () => (await bed.link.destroy(NAME)).result());
  printLongestPath(progress);
  return {
    made: lastEnd(progress, 'siteConnection') - start,
    active,
    proven: lastEnd(progress, 'ping') - start,
    destroyed,
    work,
    calls,
  };
}

async function timeUsualTool(tool: string, folder: string): Promise<Timed> {
  const { auth, authUrl } = Clouds.load().get('demo');
  if (auth.method !== 'password') throw new Error('the lab logs in with passwords');
  const endpoints = Object.fromEntries(REGIONS.map((region) => [region, bed.proxy.urlOf(region, 'network')]));
  const env = {
    ...process.env,
    OS_CLIENT_CONFIG_FILE: '/nonexistent',
    OS_AUTH_URL: authUrl,
    OS_USERNAME: 'demo',
    OS_PASSWORD: auth.secret.reveal(),
    OS_PROJECT_NAME: 'demo',
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
    TF_VAR_psk: randomBytes(20).toString('hex'),
    TF_VAR_endpoints: JSON.stringify(endpoints),
  };
  const run = (...args: string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(tool, [...args, '-no-color'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`${tool} ${args[0]} ended with ${code}`)),
      );
    });
  bed.proxy.clear();
  const start = Date.now();
  const busyBefore = busyMs();
  const activeAfter = msToActive(start);
  const made = await timed(() => run('apply', '-auto-approve'));
  const active = await activeAfter;
  const work = busyMs() - busyBefore;
  const calls = countCalls();
  const destroyed = await timed(() => run('destroy', '-auto-approve'));
  return { made, active, destroyed, work, calls };
}

/** The first of them that starts and finds the provider, with the folder made ready for it. */
function usualTool(folder: string): string | undefined {
  for (const tool of ['tofu', 'terraform']) {
    if (spawnSync(tool, ['version']).status !== 0) continue;
    const { status, stderr } = spawnSync(tool, ['init', '-no-color'], { cwd: folder });
    if (status === 0) return tool;
    console.log(`${tool} is left out, it finds no OpenStack provider: ${String(stderr).trim().split('\n')[0]}`);
  }
  console.log('neither tofu nor terraform is measured');
  return undefined;
}

/** Until the API says ACTIVE at both ends; undefined where that does not come within five minutes. Asked for straight, past the proxy. */
async function msToActive(start: number): Promise<number | undefined> {
  try {
    await Promise.all(REGIONS.map((region) => bed.connection(region, ({ status }) => status === 'ACTIVE')));
    return Date.now() - start;
  } catch (error) {
    console.log((error as Error).message);
    return undefined;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = Date.now();
  await work();
  return Date.now() - start;
}

/** What all cores have done since the machine started. */
function busyMs(): number {
  return cpus().reduce((all, { times }) => all + times.user + times.nice + times.sys + times.irq, 0);
}

function countCalls(): Calls {
  const counts: Record<string, Record<string, number>> = {};
  for (const { method, service, path } of bed.proxy.log) {
    // Collections have names, and what is in them has ids.
    const parts = path.split('/').filter((part) => part !== '' && !/^v\d|[0-9a-f]{8}-/.test(part));
    const what = `${service} ${parts.join('/')}`;
    counts[what] = { ...counts[what], [method]: (counts[what]?.[method] ?? 0) + 1 };
  }
  return counts;
}

function inWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([method, count]) => `${count} ${method}`)
    .join(', ');
}

function byMethod(calls: Calls): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const [method, count] of Object.values(calls).flatMap((counts) => Object.entries(counts)))
    sum[method] = (sum[method] ?? 0) + count;
  return sum;
}

/** Of each tool's last round. */
function printCalls(tools: readonly (readonly [name: string, calls: Calls | undefined])[]): void {
  const kinds = [...new Set(tools.flatMap(([, calls = {}]) => Object.keys(calls)))].sort();
  const row = (cells: readonly string[]) =>
    console.log(
      cells
        .map((cell) => cell.padEnd(40))
        .join('')
        .trimEnd(),
    );
  console.log();
  row(['calls of the last round', ...tools.map(([name]) => name)]);
  for (const kind of kinds) row([`  ${kind}`, ...tools.map(([, calls = {}]) => inWords(calls[kind] ?? {}))]);
}

function lastEnd({ steps }: Progress, kind: string): number {
  return Math.max(...steps.filter((step) => step.kind === kind).map((step) => step.endedAt ?? Number.NaN));
}

/** The chain of steps that this run's time went into. */
function printLongestPath({ steps }: Progress): void {
  const took = new Map(steps.map((step) => [step.key, (step.endedAt ?? 0) - (step.startedAt ?? 0)]));
  const { path, totalMs } = longestPath(steps, (step) => took.get(step.key) ?? 0);
  console.log(`\nthe longest path of the graph, ${seconds(totalMs)}:`);
  for (const key of path) console.log(`  ${seconds(took.get(key) ?? 0).padStart(8)}  ${key}`);
}

function print(ours: readonly Timed[], theirs: readonly Timed[], tool = ''): void {
  console.log(
    `\n${['', 'made', 'ACTIVE', 'proven', 'destroy', 'work'].map((word) => word.padStart(12)).join('')}  calls`,
  );
  const row = (name: string, times: readonly (number | undefined)[], calls: string) =>
    console.log(`${name.padStart(12)}${times.map((ms) => told(ms).padStart(12)).join('')}  ${calls}`.trimEnd());
  const columns = ({ made, active, proven, destroyed, work }: Timed) => [made, active, proven, destroyed, work];
  for (const [name, turns] of [
    ['regionlink', ours],
    [tool, theirs],
  ] as const) {
    for (const turn of turns) row(name, columns(turn), inWords(byMethod(turn.calls)));
    const table = turns.map(columns);
    if (turns.length > 1)
      row(
        'median',
        (table[0] ?? []).map((_, index) => median(table.map((times) => times[index]))),
        '',
      );
  }
  printCalls([
    ['regionlink', ours.at(-1)?.calls],
    ...(theirs.length === 0 ? [] : [[tool, theirs.at(-1)?.calls] as const]),
  ]);
  if (theirs.length === 0) return;
  const proven = median(ours.map((turn) => turn.proven));
  const active = median(theirs.map((turn) => turn.active));
  console.log(
    proven === undefined || active === undefined
      ? `\nproven by regionlink after ${told(proven)}, and ${tool}'s tunnel ACTIVE after ${told(active)}`
      : `\nproven by regionlink in ${(proven / active).toFixed(2)} of the time that ${tool} takes to ACTIVE, by the medians`,
  );
}

/** What never came counts as longer than all that did. @returns undefined where the middle one never came */
function median(times: readonly (number | undefined)[]): number | undefined {
  const sorted = times.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
  return Number.isFinite(middle) ? middle : undefined;
}

function told(ms: number | undefined): string {
  return ms === undefined ? '-' : seconds(ms);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
