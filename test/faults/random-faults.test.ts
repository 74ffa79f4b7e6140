/**
 * Pairs and triples of faults at random calls, with a cancel or without, of one subnet a site or of several, over bare clouds and over a VPN that stands: after each run the VPN is whole or the
 * clouds are as before. Drawn by a seed: a failing case prints it, and `SEED=… npm run test:faults` draws the same cases again.
 * `npm run test:soak` goes on for as many minutes as `SOAK_MINUTES` says: half of them through the product of all pairs, none twice, half by drawing.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallCase, callsOf, FAULTS, inWords, planOf } from './cases.js';
import { type Operation, wrongWith } from './ends.js';
import { type Lane, Lanes } from './lanes.js';
import type { Ground, Picture } from './place.js';
import { minutes, seed } from './soak.js';

/** Runs a lane, where no time is set. */
const RUNS = 10;

/** What is drawn of specs: the tutorial, and one with several subnets on several networks, of which a check proves every pair. */
const SHAPES = {
  tutorial: { spec: {}, check: { none: 'none', console: 'console' } },
  several: {
    spec: {
      profile: 'sound',
      sites: {
        left: {
          region: 'dbl',
          network: { subnets: [{ cidr: '10.1.0.0/24' }, { cidr: '10.3.0.0/24', network: 'db' }] },
        },
        right: { region: 'cbk', network: { subnets: [{ cidr: '10.2.0.0/24' }] } },
      },
    },
    check: { none: 'none', console: { via: 'console', pairs: 'all' } },
  },
} as const;
type Shape = keyof typeof SHAPES;

/** Clouds with the VPN of several subnets whole, by lane. */
const wholes = new Map<Lane, Picture>();

/** Of every operation, the calls of a run without faults. */
const calls = new Map<string, readonly CallCase[]>();
let lanes: Lanes;

interface Draw {
  readonly operation: Operation;
  readonly ground: Ground;
  readonly check: 'none' | 'console';
  readonly shape: Shape;
  /** A spec with something else in it than the VPN that stands was made with. */
  readonly changed: boolean;
  readonly faults: readonly { readonly call: number; readonly fault: (typeof FAULTS)[number] }[];
  /** Which call a cancel comes at. */
  readonly cancelAt: number | undefined;
  /** Faults at calls that are given and not drawn. */
  readonly exact?: readonly { readonly of: CallCase; readonly fault: (typeof FAULTS)[number] }[];
}

const DRAW: fc.Arbitrary<Draw> = fc.record({
  operation: fc.constantFrom<Operation>('provision', 'provision', 'provision', 'destroy'),
  ground: fc.constantFrom<Ground>('bare', 'standing'),
  check: fc.constantFrom<'none' | 'console'>('none', 'none', 'console'),
  shape: fc.constantFrom<Shape>('tutorial', 'tutorial', 'several'),
  changed: fc.boolean(),
  faults: fc.array(fc.record({ call: fc.nat(1_000), fault: fc.constantFrom(...FAULTS) }), {
    minLength: 2,
    maxLength: 3,
  }),
  cancelAt: fc.option(fc.nat(1_000), { freq: 3, nil: undefined }),
});

beforeAll(async () => {
  lanes = await Lanes.start();
  const lane = lanes.first;
  for (const [operation, check, shape, ground] of [
    ['provision', 'none', 'tutorial', 'bare'],
    ['provision', 'console', 'tutorial', 'bare'],
    ['provision', 'none', 'several', 'bare'],
    ['provision', 'console', 'several', 'bare'],
    ['destroy', 'none', 'tutorial', 'standing'],
  ] as const) {
    lane.reset(ground);
    await lane.bed.end(await start(lane, { operation, check, shape }));
    calls.set(
      `${operation} ${check} ${shape}`,
      callsOf(lane.bed.simulator.log).filter((call) => call.service !== 'identity'),
    );
  }
}, 300_000);

afterAll(async () => {
  console.log(`random faults: ${lanes.runs} runs from seed ${seed}, each whole or as before`);
  await lanes.stop();
});

type Run = Pick<Draw, 'operation' | 'check' | 'shape'> & { readonly changed?: boolean };

function start(lane: Lane, { operation, check, shape, changed = false }: Run) {
  if (operation === 'destroy') return lane.bed.destroy(lane.name);
  const { spec, check: checks } = SHAPES[shape];
  const mtu = changed ? { connection: { mtu: 1_400 } } : {};
  return lane.bed.provision(lane.name, { ...spec, check: checks[check], ...mtu });
}

function callsFor({ operation, check, shape }: Run): readonly CallCase[] {
  return calls.get(operation === 'destroy' ? 'destroy none tutorial' : `provision ${check} ${shape}`) ?? [];
}

/** Clouds with the VPN of a shape whole; undefined for the tutorial's, which every lane has. */
async function wholeOf(lane: Lane, shape: Shape): Promise<Picture | undefined> {
  if (shape === 'tutorial') return undefined;
  const known = wholes.get(lane);
  if (known !== undefined) return known;
  lane.reset('bare');
  await lane.bed.end(await start(lane, { operation: 'provision', check: 'none', shape }));
  const picture = lane.bed.simulator.snapshot();
  wholes.set(lane, picture);
  return picture;
}

/** The plans of a draw: each fault at a call that it is for. */
function plansOf(draw: Draw) {
  const all = callsFor(draw);
  if (draw.exact !== undefined)
    return draw.exact.map(({ of, fault }) => ({ call: of, fault, plan: planOf(of, fault) }));
  return draw.faults.flatMap(({ call, fault }) => {
    const fitting = all.filter((one) => fault.on?.(one) ?? true);
    const chosen = fitting[call % Math.max(1, fitting.length)];
    return chosen === undefined ? [] : [{ call: chosen, fault, plan: planOf(chosen, fault) }];
  });
}

async function judge(lane: Lane, draw: Draw): Promise<readonly string[]> {
  lanes.runs++;
  // A destroy without a VPN is another test's. Over the tutorial's VPN several subnets are a conflict, which ends the run before any fault.
  const several = draw.operation === 'provision' && draw.shape === 'several';
  const ground = draw.operation === 'destroy' ? 'standing' : several ? 'bare' : draw.ground;
  const whole = await wholeOf(lane, several ? 'several' : 'tutorial');
  lane.reset(ground);
  const { faults } = lane.bed.simulator;
  for (const { plan } of plansOf(draw)) faults.add(plan);
  const at = draw.cancelAt === undefined ? undefined : callsFor(draw)[draw.cancelAt % callsFor(draw).length];
  const hold = at && { ...planOf(at, { name: '', outcome: 'passes', fault: { kind: 'delay', ms: 30 } }) };
  if (hold !== undefined) faults.add(hold);
  const handle = await start(lane, draw);
  if (hold !== undefined) await lane.bed.cancelAt(hold, handle);
  const ended = await lane.bed.end(handle);
  return wrongWith(lane, ended, ground, draw.operation, whole);
}

/** Every pair of a fault at a call with another, in an order drawn by the seed: the n-th of them. */
function* everyPair(): Generator<Draw> {
  const single = callsFor({ operation: 'provision', check: 'none', shape: 'tutorial' }).flatMap((call, index) =>
    FAULTS.filter((fault) => fault.on?.(call) ?? true).map((fault) => ({ call: index, fault, of: call })),
  );
  const count = single.length ** 2;
  // Prime and larger than any count, so that its multiples meet every pair once.
  const stride = 1_000_003;
  for (let n = 0; n < count; n++) {
    const index = (seed + n * stride) % count;
    const [first, second] = [single[index % single.length], single[Math.floor(index / single.length)]];
    if (first === undefined || second === undefined) continue;
    yield { ...PLAIN, exact: [first, second] };
  }
}

const PLAIN: Draw = {
  operation: 'provision',
  ground: 'bare',
  check: 'none',
  shape: 'tutorial',
  changed: false,
  faults: [],
  cancelAt: undefined,
};

function told(draw: Draw): string {
  const faults = plansOf(draw).map(({ call, fault }) => `${fault.name} at ${inWords(call)}`);
  return [
    `${draw.operation} from ${draw.ground}, check ${draw.check}, ${draw.shape}, changed ${draw.changed}, cancel ${draw.cancelAt}`,
    ...faults,
  ].join('\n  ');
}

test('whatever is drawn, the run ends whole or as before', async () => {
  const until = Date.now() + (minutes / 2) * 60_000;
  const wrong: string[] = [];
  await Promise.all(
    lanes.all.map(async (lane, index) => {
      for (let n = 0; minutes > 0 ? Date.now() < until : n < RUNS; n++) {
        const [draw] = fc.sample(DRAW, { seed: seed + 1_000_003 * index + n, numRuns: 1 });
        if (draw === undefined) continue;
        const problems = await judge(lane, draw);
        if (problems.length > 0) wrong.push(`seed ${seed}: ${told(draw)}\n    ${problems.join('\n    ')}`);
      }
    }),
  );
  expect(wrong.join('\n')).toBe('');
});

test.skipIf(minutes === 0)('every pair of single faults, for as long as there is time', async () => {
  const until = Date.now() + (minutes / 2) * 60_000;
  const pairs = everyPair();
  const wrong: string[] = [];
  await Promise.all(
    lanes.all.map(async (lane) => {
      for (let next = pairs.next(); !next.done && Date.now() < until; next = pairs.next()) {
        const problems = await judge(lane, next.value);
        if (problems.length > 0) wrong.push(`${told(next.value)}\n    ${problems.join('\n    ')}`);
      }
    }),
  );
  expect(wrong.join('\n')).toBe('');
});
