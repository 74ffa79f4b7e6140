/**
 * Callers without this package, as docs/contract.md tells them: the page's own commands and its own Python program; and what any caller gets, held to the
 * published schemas.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findTemporalCli } from '../../src/cli/temporal-cli.js';
import { RegionLink } from '../../src/client/index.js';
import { WORKFLOWS } from '../../src/workflows/contract.js';
import { DESTROY, PROVISION, SWEEP, TASK_QUEUE } from '../../src/workflows/protocol.js';
import { temporalSdk } from '../support/python-packages.js';
import { schemaFaults } from '../support/schema-faults.js';
import { type Ended, TestBed } from '../support/test-bed.js';

const page = readFileSync('docs/contract.md', 'utf8');
const python = temporalSdk();
let bed: TestBed;
let link: RegionLink;
let folder: string;
let temporal: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regionlink-contract-'));
  [bed, temporal] = await Promise.all([TestBed.start(), findTemporalCli()]);
  link = await RegionLink.connect({ address: bed.server.address, namespace: 'default' });
}, 120_000);

afterAll(async () => {
  await link?.close();
  await bed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The page's one block of a language. */
function block(language: string): string {
  const [, code = ''] = page.match(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``)) ?? [];
  return code;
}

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[]): Promise<Output> {
  const PATH = [dirname(temporal), process.env.PATH].join(delimiter);
  const env = { PATH, HOME: folder, TEMPORAL_ADDRESS: bed.server.address };
  return new Promise((resolve) => {
    execFile(file, args, { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

function runPython(argument: string): Promise<Output> {
  writeFileSync(join(folder, 'provision.json'), argument);
  writeFileSync(join(folder, 'provision.py'), block('python'));
  return run(join(python.bin, 'python'), ['provision.py']);
}

/** A run by its bare type, as no client of ours would start it. */
async function start(type: string, id: string, args: readonly unknown[]): Promise<Ended> {
  const options = { taskQueue: TASK_QUEUE, workflowId: id, args: [...args] };
  return bed.end(await bed.client.workflow.start(type, options));
}

test("the page's commands provision a VPN, ask for its progress and wait for its result", async () => {
  writeFileSync(join(folder, 'provision.json'), block('json'));
  const { code, stdout, stderr } = await run('sh', ['-ec', block('sh')]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/"operation": ?"provision"[\s\S]*COMPLETED[\s\S]*"proof": ?"proven"/);
  expect(schemaFaults('ProvisionInput', JSON.parse(block('json')))).toEqual([]);
}, 60_000);

test.skipIf(python.missing)(
  "the page's Python program does the same; the VPN stands, so it makes nothing",
  async () => {
    const mark = bed.simulator.log.length;
    const { code, stdout, stderr } = await runPython(block('json'));
    expect([code, stderr.split('\n')[0]]).toEqual([0, expect.stringMatching(/^[a-z-]+$/)]);
    expect(schemaFaults('ProvisionResult', JSON.parse(stdout))).toEqual([]);
    expect(bed.writesSince(mark).filter((write) => /vpn\/|networks|routers/.test(write))).toEqual([]);
  },
  60_000,
);

test('what every workflow and the query answer is as its schema says, and not a field more', async () => {
  const vpn = 'left-right';
  const { spec } = JSON.parse(block('json'));
  const handle = bed.client.workflow.getHandle(`vpn/${vpn}`);
  expect(schemaFaults('ProvisionResult', await handle.result())).toEqual([]);
  expect(schemaFaults('Progress', await handle.query('progress'))).toEqual([]);
  expect(schemaFaults('VpnPlan', await link.plan(spec))).toEqual([]);
  expect(schemaFaults('ExamineOutput', await link.examine())).toEqual([]);
  expect(schemaFaults('ExternalEnds', await link.externalEnds(vpn))).toEqual([]);
  const description = 'regionlink owner=test@default vpn=lost step=left/ikePolicy run=gone';
  const { id } = bed.simulator.seed('dbl', 'ikepolicy', { name: 'lost', description });
  const { busy: _, ...survey } = await link.survey();
  expect(survey.sets).toContainEqual(expect.objectContaining({ of: { vpn: 'lost' } }));
  expect(schemaFaults('SurveyOutput', survey)).toEqual([]);
  const swept = await (await link.sweep({ vpn: 'lost' }, [String(id)])).result();
  expect(swept.removed).toHaveLength(1);
  expect(schemaFaults('SweepResult', swept)).toEqual([]);
  const destroyed = await (await link.destroy(vpn)).result();
  expect(destroyed.removed.length).toBeGreaterThan(0);
  expect(schemaFaults('DestroyResult', destroyed)).toEqual([]);
}, 60_000);

test('a bad argument fails the run at once with all that is wrong with it, and no cloud is asked', async () => {
  const mark = bed.simulator.log.length;
  const withArgument = WORKFLOWS.filter(({ argument }) => argument !== undefined);
  for (const { type } of withArgument) {
    for (const args of [[], [null], ['left-right'], [['left-right']]]) {
      const { status, type: failure, messages } = await start(type, 'vpn/bad', args);
      expect([type, status, failure]).toEqual([type, 'FAILED', 'InvalidArgument']);
      expect(messages[0]).toContain('it must be one JSON object with');
    }
  }
  const destroy = await start(DESTROY, 'vpn/bad', [{ vpn: 'Bad Name', vpm: 1 }]);
  expect(destroy.messages[0]).toMatch(
    /vpn: "Bad Name" is not a VPN name: use 1 to 48[\s\S]*vpm: is not known; did you mean "vpn"\?[\s\S]*Nothing was touched/,
  );
  const sweep = await start(SWEEP, 'vpn/bad', [{ of: { router: 'r' }, ids: [] }]);
  expect(sweep.messages[0]).toMatch(/of: must be [\s\S]*region: is missing[\s\S]*ids: must be a list of ids/);
  // The lock of another VPN.
  const other = await start(DESTROY, 'vpn/bad', [{ vpn: 'good' }]);
  expect(other.messages[0]).toContain('the workflow id must be vpn/good, not vpn/bad');
  expect(other.type).toBe('InvalidArgument');
  const misnamed = await start(PROVISION, 'vpn/bad', [{ spec: JSON.parse(block('json')).spec }]);
  expect(misnamed.type).toBe('InvalidSpec');
  expect(bed.simulator.log.slice(mark)).toEqual([]);
}, 60_000);

const BAD = JSON.stringify({ spec: { name: 'left-right', sites: {}, retryFor: 'soon', psk: 'hunter2-hunter2' } });
const PROBLEMS = [/sites/, /retryFor: "soon"/, /psk: must be generated/, /Nothing was touched/];

test('so does one that the command gives', async () => {
  const mark = bed.simulator.log.length;
  const begun = ['--type', PROVISION, '--workflow-id', 'vpn/left-right', '--task-queue', TASK_QUEUE];
  const { code, stdout, stderr } = await run(temporal, ['workflow', 'execute', ...begun, '--input', BAD]);
  expect(code).not.toBe(0);
  for (const problem of PROBLEMS) expect(stdout + stderr).toMatch(problem);
  expect(bed.simulator.log.slice(mark)).toEqual([]);
}, 60_000);

test.skipIf(python.missing)(
  'and one that Python gives',
  async () => {
    const mark = bed.simulator.log.length;
    const { code, stderr } = await runPython(BAD);
    expect(code).toBe(1);
    expect(stderr).toContain('InvalidSpec: ');
    for (const problem of PROBLEMS) expect(stderr).toMatch(problem);
    expect(stderr).not.toContain('hunter2');
    expect(bed.simulator.log.slice(mark)).toEqual([]);
  },
  60_000,
);
