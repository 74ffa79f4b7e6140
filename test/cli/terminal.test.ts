/** The commands on a real terminal, and beside it: a real server, a real worker, the simulator. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { COMMAND, noPty, regionlink, Terminal, type TerminalOptions } from '../support/terminal.js';
import { TestBed, tutorialSpec } from '../support/test-bed.js';

let bed: TestBed;
let file: string;
/** Of the same VPN, with other policies. */
let sound: string;

beforeAll(async () => {
  bed = await TestBed.start();
  file = join(mkdtempSync(join(tmpdir(), 'regionlink-cli-')), 'spec.yaml');
  writeFileSync(file, stringify(tutorialSpec({ check: 'none' })));
  sound = join(dirname(file), 'sound.yaml');
  writeFileSync(sound, stringify(tutorialSpec({ check: 'none', profile: 'sound' })));
}, 120_000);

afterAll(() => bed.stop());

const env = (more: Record<string, string> = {}) => ({ TEMPORAL_ADDRESS: bed.server.address, ...more });
const onTerminal = (args: readonly string[], options: TerminalOptions = {}) =>
  new Terminal([...COMMAND, ...args], { ...options, env: env(options.env) });

/** Long enough to look at a run that is under way. */
const SLOW = (ms: number) =>
  ({
    method: 'POST',
    path: '^/v2.0/vpn/vpnservices$',
    region: 'cbk',
    fault: { kind: 'delay', ms },
  }) as const;

const heads = (screen: string) => screen.match(/left-right · provision/g)?.length ?? 0;

beforeEach(() => bed.simulator.faults.clear());

describe.skipIf(noPty !== undefined)('on a terminal', () => {
  test.each([
    [24, 80],
    [10, 40],
    [60, 160],
  ])('of %s rows and %s columns, apply leaves one view and the result', async (rows, columns) => {
    bed.simulator.faults.add(SLOW(1_500));
    const terminal = onTerminal(['apply', '-f', file, '--yes'], { rows, columns });
    await terminal.shows(/provisioning/);
    // What is typed meanwhile does not show.
    terminal.type('x\r\r');
    expect(await terminal.exitCode).toBe(0);
    expect(heads(terminal.screen.text)).toBe(1);
    expect(terminal.screen.text).toMatch(/provision · completed/);
    expect(terminal.screen.text).toContain('VPN left-right stands');
    expect(terminal.screen.text).not.toMatch(/^x/m);
    await regionlink(['destroy', 'left-right', '--yes'], env());
  });

  test('that changes its size, there is one view all the same', async () => {
    bed.simulator.faults.add(SLOW(1_500));
    const terminal = onTerminal(['apply', '-f', file], { rows: 40, columns: 120 });
    await terminal.shows(/22 to create[\s\S]*Apply this plan\? \[y\/N\]/);
    terminal.type('y\r');
    await terminal.shows(/provisioning/);
    terminal.resize(40, 60);
    await terminal.shows(/completed/);
    expect(await terminal.exitCode).toBe(0);
    expect(heads(terminal.screen.text)).toBe(1);
  });

  test('Ctrl-C says how to come back and how to cancel, ends at once with 130, and the run goes on', async () => {
    await regionlink(['destroy', 'left-right', '--yes'], env());
    bed.simulator.faults.add(SLOW(4_000));
    const terminal = onTerminal(['apply', '-f', file, '--yes']);
    await terminal.shows(/provisioning/);
    terminal.ctrlC();
    expect(await terminal.exitCode).toBe(130);
    for (const line of ['The run goes on.', 'regionlink status left-right --watch', 'regionlink cancel left-right'])
      expect(terminal.screen.text).toContain(line);
    const watch = onTerminal(['status', 'left-right', '--watch'], { env: { NO_COLOR: '1' } });
    expect(await watch.exitCode).toBe(0);
    expect(heads(watch.screen.text)).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(watch.sent).not.toMatch(/\u001b\[\d*m/);
  });

  test('apply shows its plan and asks, and a no is no', async () => {
    await regionlink(['destroy', 'left-right', '--yes'], env());
    const mark = bed.simulator.log.length;
    const terminal = onTerminal(['apply', '-f', file], { rows: 60 });
    await terminal.shows(/\[y\/N\]/);
    terminal.type('n\r');
    expect(await terminal.exitCode).toBe(2);
    for (const line of terminal.screen.text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(terminal.screen.text).toMatch(
      /left \(dbl\) +right \(cbk\)\n +network +create left-network +create right-network\n/,
    );
    expect(terminal.screen.text).toContain('nothing was done');
    expect(bed.writesSince(mark)).toEqual([]);
  });

  test('destroy asks, and a no is no', async () => {
    const terminal = onTerminal(['destroy', 'left-right']);
    await terminal.shows(/\[y\/N\]/);
    terminal.type('n\r');
    expect(await terminal.exitCode).toBe(2);
    expect(terminal.screen.text).toContain('nothing was done');
  });
});

describe('in a pipe', () => {
  test('a line a change without control characters, and what was removed by region in the order of the sites', async () => {
    await regionlink(['destroy', 'left-right', '--yes'], env());
    const applied = await regionlink(['apply', '-f', file, '--yes'], env());
    expect(applied).toMatchObject({ status: 0, stderr: 'a worker looks at the clouds …\n' });
    expect(applied.stdout).toContain('warning: check: none leaves the VPN unproven\n');
    expect(applied.stdout).not.toContain('\u001b');
    expect(applied.stdout).toMatch(/^✔ left\/network done/m);
    const removed = await regionlink(['destroy', 'left-right', '--yes'], env());
    expect(removed.status).toBe(0);
    const text = removed.stdout.slice(removed.stdout.indexOf('is gone'));
    expect(text).toMatch(/left \(dbl\)\n[\s\S]*right \(cbk\)\n/);
    const [left, right] = text.split('right (cbk)');
    expect(left).toContain('left-network');
    expect(left).not.toContain('right-network');
    expect(right).toContain('right-network');
    expect(right).not.toContain('left-network');
  });

  test('plan ends with 2 while there is something to do, then with 0; apply goes on where nobody can be asked only with --yes or when nothing is to change', async () => {
    const planned = await regionlink(['plan', '-f', file], env());
    expect([planned.status, planned.stdout]).toEqual([
      2,
      expect.stringContaining('Plan of VPN left-right: 22 to create'),
    ]);
    const mark = bed.simulator.log.length;
    for (const json of [[], ['--json']]) {
      const refused = await regionlink(['apply', '-f', file, ...json], env());
      expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('say --yes')]);
    }
    expect(bed.writesSince(mark)).toEqual([]);
    expect((await regionlink(['apply', '-f', file, '--yes'], env())).status).toBe(0);
    const again = await regionlink(['plan', '-f', file, '--json'], env());
    expect([again.status, JSON.parse(again.stdout)]).toEqual([
      0,
      expect.objectContaining({ possible: true, changes: 0 }),
    ]);
    expect((await regionlink(['apply', '-f', file], env())).status).toBe(0);
  });

  test('what is in conflict is told with its fields and not begun: plan and apply end with 1', async () => {
    const mark = bed.simulator.log.length;
    const planned = await regionlink(['plan', '-f', sound], env());
    expect(planned.status).toBe(1);
    expect(planned.stdout).toContain('4 in conflict');
    expect(planned.stdout).toContain('ike_version: v1 → v2, cannot be changed');
    const applied = await regionlink(['apply', '-f', sound, '--yes', '--json'], env());
    const [plan, failure] = applied.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([applied.status, plan.possible, failure.error.type]).toEqual([1, false, 'SpecConflict']);
    expect(bed.writesSince(mark)).toEqual([]);
    await regionlink(['destroy', 'left-right', '--yes'], env());
  });

  test('doctor tells of workers, and of each region what it can', async () => {
    const { status, stdout } = await regionlink(['doctor'], env());
    expect(status).toBe(0);
    for (const part of [
      /^ {2}✔ workers: /m,
      /^configuration$/m,
      /^ {2}✔ cloud envvars, the default: .*auth_url/m,
      /^cloud envvars, region cbk /m,
      /^cloud envvars, region dbl /m,
      /^ {2}✔ VPNaaS: /m,
      /^ {2}\? console output: not known/m,
    ])
      expect(stdout).toMatch(part);
  });

  test('list is a table with a head over each column', async () => {
    const { stdout } = await regionlink(['list'], env());
    const [head = '', row = ''] = stdout.split('\n');
    const columns = ['VPN', 'OPERATION', 'STATE', 'PHASE', 'REGIONS', 'STARTED', 'TOOK', 'ASKED FOR BY'];
    expect(head.trimEnd().split(/ {2,}/)).toEqual(columns);
    for (const column of columns.slice(1))
      expect(row.slice(head.indexOf(column) - 2, head.indexOf(column) + 1)).toMatch(/^ {2}\S/);
  });
});

describe('--json says how it went wrong', () => {
  const report = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '').error;

  test('a run that failed: its published type and what is left', async () => {
    await regionlink(['destroy', 'left-right', '--yes'], env());
    bed.simulator.faults.add({
      method: 'POST',
      path: 'ipsec-site-connections$',
      region: 'cbk',
      fault: { kind: 'answer', status: 403, effect: false },
    });
    bed.simulator.faults.add({
      method: 'DELETE',
      path: '^/v2.0/networks/',
      region: 'dbl',
      fault: { kind: 'answer', status: 403, effect: false },
    });
    const { status, stdout, stderr } = await regionlink(['apply', '-f', file, '--yes', '--json'], env());
    expect(status).toBe(1);
    expect(report(stdout)).toMatchObject({
      type: 'Leftovers',
      exitCode: 1,
      leftovers: [{ kind: 'network', name: 'left-network', region: 'dbl' }],
    });
    expect(stderr).toContain('left-network');
    expect((await regionlink(['status', 'left-right', '--json'], env())).status).toBe(1);
    bed.simulator.faults.clear();
    await regionlink(['destroy', 'left-right', '--yes'], env());
  });

  test('another operation runs; a cancelled run; no such VPN; a name that is none starts nothing', async () => {
    // Tried again until the cancel comes.
    bed.simulator.faults.add({
      method: 'POST',
      path: '^/v2.0/routers$',
      region: 'dbl',
      times: 1_000,
      fault: { kind: 'answer', status: 503, effect: false },
    });
    await regionlink(['apply', '-f', file, '--yes', '--detach', '--json'], env());
    const busy = await regionlink(['destroy', 'left-right', '--yes', '--json'], env());
    expect([busy.status, report(busy.stdout).type]).toEqual([3, 'VpnBusyError']);
    const other = await regionlink(['apply', '-f', sound, '--json'], env());
    expect([other.status, report(other.stdout).type]).toEqual([3, 'VpnBusyError']);
    expect(JSON.parse((await regionlink(['cancel', 'left-right', '--json'], env())).stdout)).toEqual({
      vpn: 'left-right',
      cancelled: true,
    });
    const cancelled = await regionlink(['status', 'left-right', '--watch', '--json'], env());
    expect([cancelled.status, report(cancelled.stdout).type]).toEqual([5, 'VpnCancelledError']);
    const none = await regionlink(['status', 'never', '--json'], env());
    expect([none.status, report(none.stdout).type]).toEqual([6, 'VpnNotFoundError']);
    const runs = async () => JSON.parse((await regionlink(['list', '--json'], env())).stdout).length;
    const before = await runs();
    for (const command of ['destroy', 'status', 'cancel']) {
      const args = [command, 'Bad Name!', '--json', ...(command === 'destroy' ? ['--yes'] : [])];
      const bad = await regionlink(args, env());
      expect([bad.status, report(bad.stdout).type]).toEqual([2, 'InvalidNameError']);
    }
    expect(await runs()).toBe(before);
  });
});
