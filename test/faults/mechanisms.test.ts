/**
 * Each mechanism of the guarantee is there for a reason: with the code as it is the scenario ends well, and with the mechanism taken out of a copy of the
 * code the very same scenario ends with a double or an orphan. A scenario that ended well all the same would prove nothing.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DevServer, startDevServer } from '../../src/cli/dev-server.js';
import { FAST_DELAYS, type FaultPlan, type Simulator, startSimulator } from '../../src/simulator/index.js';
import { PROVISION, TASK_QUEUE, workflowIdOf } from '../../src/workflows/protocol.js';
import { addDecoys, marksIn, PASSWORD, REGIONS, tutorialSpec } from '../support/test-bed.js';
import { WorkerProcess } from '../support/worker-process.js';

/** Below the project, so that the copy finds its packages. */
const COPIES = '.mutants';

interface Mechanism {
  readonly name: string;
  readonly file: string;
  /** What stands in the code, and what takes its place. */
  readonly without: readonly (readonly [string, string])[];
  readonly faults: readonly FaultPlan[];
  /** How long its worker waits for an answer. @default 3: on cores that are never idle, a shorter one ends calls that no fault has met */
  readonly httpTimeoutSeconds?: number;
}

const refused = { NeutronError: { type: 'PolicyNotAuthorized', message: 'no', detail: '' } };

const MECHANISMS: readonly Mechanism[] = [
  {
    name: 'the look-up by mark before every create',
    file: 'activities/resources/neutron-kind.ts',
    without: [['return all.filter((found) => isOfStep(found, scope));', 'return [];']],
    faults: [
      { method: 'POST', path: '^/v2.0/vpn/ikepolicies$', region: 'cbk', fault: { kind: 'reset', effect: true } },
    ],
  },
  {
    name: 'the look for late doubles before a run ends',
    file: 'activities/settle.ts',
    without: [['of [...input.steps].reverse()', 'of [] as typeof input.steps']],
    faults: [
      {
        method: 'POST',
        path: '^/v2.0/vpn/ikepolicies$',
        region: 'cbk',
        fault: { kind: 'hang', lateAfterLookUp: true },
      },
    ],
  },
  {
    name: 'the undo registered before the step',
    file: 'workflows/saga.ts',
    without: [
      ['    if (isResourceStep(step)) this.begun.set(step.key, step);\n', ''],
      [
        'if (isResourceStep(step)) await this.ensure(step);',
        'if (isResourceStep(step)) { await this.ensure(step); this.begun.set(step.key, step); }',
      ],
    ],
    faults: [
      {
        method: 'POST',
        path: '^/v2.0/routers$',
        region: 'cbk',
        fault: { kind: 'answer', status: 403, body: refused, effect: true },
      },
    ],
  },
  {
    name: 'the wait for all branches before anything is undone',
    file: 'graph/walk.ts',
    without: [
      [
        '        onFirstError(error);\n      }\n      return false;',
        '        onFirstError(error);\n      }\n      throw error;',
      ],
    ],
    faults: [
      // For longer than who does not wait for it takes to undo the rest.
      { method: 'POST', path: '^/v2.0/routers$', region: 'cbk', fault: { kind: 'delay', ms: 10_000 } },
      {
        method: 'POST',
        path: '^/v2.0/vpn/ikepolicies$',
        region: 'dbl',
        fault: { kind: 'answer', status: 403, body: refused, effect: false },
      },
    ],
    httpTimeoutSeconds: 15,
  },
];

let server: DevServer;
let simulator: Simulator;
let client: Client;
let worker: WorkerProcess | undefined;
let bare: ReadonlyMap<string, ReturnType<NonNullable<ReturnType<Simulator['regions']['get']>>['copy']>>;

beforeAll(async () => {
  [server, simulator] = await Promise.all([
    startDevServer(),
    startSimulator({ regions: REGIONS, delays: FAST_DELAYS, password: PASSWORD }),
  ]);
  addDecoys(simulator);
  bare = new Map([...simulator.regions].map(([name, region]) => [name, region.copy()]));
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterEach(async () => {
  await worker?.end('SIGTERM');
  worker = undefined;
  // What a broken code has left would use up the quota of the next case.
  for (const [name, region] of simulator.regions) region.restore(bare.get(name) ?? region.copy());
});

afterAll(async () => {
  await client.connection.close();
  await simulator.stop();
  await server.stop();
  rmSync(COPIES, { recursive: true, force: true });
});

/** A copy of the code with parts of a file replaced. Throws where a part is not there: the mechanism was written anew, and so must this test be. */
function copyWithout(index: number, { file, without }: Mechanism): string {
  const sources = join(COPIES, String(index), 'src');
  cpSync('src', sources, { recursive: true });
  // Which the command reads its version from.
  cpSync('package.json', join(COPIES, String(index), 'package.json'));
  const path = join(sources, file);
  const text = without.reduce(
    (rest, [part, instead]) => {
      if (rest.split(part).length !== 2) throw new Error(`${file} does not have exactly one: ${part}`);
      return rest.replace(part, () => instead);
    },
    readFileSync(path, 'utf8'),
  );
  writeFileSync(path, text);
  return sources;
}

/** What is wrong after the scenario: what is there twice, and what is there that was not before and belongs to no VPN that stands. */
async function wrongAfter(name: string, faults: readonly FaultPlan[]): Promise<readonly string[]> {
  const before = JSON.stringify(simulator.snapshot());
  simulator.faults.clear();
  for (const fault of faults) simulator.faults.add(fault);
  const run = await client.workflow.start(PROVISION, {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(name),
    args: [{ spec: tutorialSpec({ name, check: 'none', settleTime: '2s', retryFor: '20s' }) }],
  });
  const stands = await run.result().then(
    () => true,
    () => false,
  );
  // A write of the run may be under way still where nobody has waited for it.
  await expect.poll(() => simulator.faults.list().every((plan) => plan.acted > 0)).toBe(true);
  await worker?.end('SIGTERM');
  simulator.faults.clear();
  const marks = marksIn(simulator, name).map((mark) => mark.replace(/ (run|nonce|key)=\S+/g, ''));
  const doubles = marks.filter((mark, index) => marks.indexOf(mark) !== index).map((mark) => `twice: ${mark}`);
  if (stands) return doubles;
  return JSON.stringify(simulator.snapshot()) === before ? [] : marks.map((mark) => `left: ${mark}`);
}

describe.each(MECHANISMS.map((mechanism, index) => [mechanism.name, mechanism, index] as const))(
  '%s',
  (_, mechanism, index) => {
    const { httpTimeoutSeconds = 3 } = mechanism;

    test('as it is: nothing double, nothing left', async () => {
      worker = await WorkerProcess.start(server.address, simulator, key(), { httpTimeoutSeconds });
      expect(await wrongAfter(`with-${index}`, mechanism.faults)).toEqual([]);
    });

    test('taken out: the same scenario leaves a double or an orphan', async () => {
      worker = await WorkerProcess.start(server.address, simulator, key(), {
        sources: copyWithout(index, mechanism),
        httpTimeoutSeconds,
      });
      expect(await wrongAfter(`without-${index}`, mechanism.faults)).not.toEqual([]);
    });
  },
);

function key(): string {
  return randomBytes(32).toString('base64');
}
