/**
 * The shapes of all answers, as zod schemas: the OpenAPI document is made of them.
 * The rule: a shape that the client has is the client's type exactly; `shapeOf` does not compile otherwise.
 */
import { z } from 'zod';
import type { ListedRun, RunStatus, VpnPlan } from '../client/index.js';
import { RESOURCE_KINDS } from '../graph/kinds.js';
import { VPN_NAME } from '../spec/naming.js';
import { specFile } from '../spec/schema.js';
import {
  DESTROY,
  type DestroyResult,
  type Leftover,
  PHASES,
  PROVISION,
  type ProvisionResult,
  SWEEP,
  type SweepResult,
} from '../workflows/protocol.js';
import { PROBLEMS } from './problems.js';

type Plain<T> = T extends readonly (infer E)[]
  ? Plain<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;

/** With every field there, all the way down: types that differ in an optional field alone extend each other. */
type Whole<T> = T extends readonly (infer E)[]
  ? readonly Whole<E>[]
  : T extends object
    ? { [K in keyof T]-?: Whole<T[K]> }
    : T;

function shapeOf<T>() {
  return <S extends z.ZodType>(
    schema: S & Same<z.output<S>, Plain<T>> & Same<Whole<z.output<S>>, Whole<Plain<T>>>,
  ): S => schema;
}

const maybe = <S extends z.ZodType>(schema: S) => schema.exactOptional();
const text = () => z.string();
const milliseconds = () => z.int().describe('Epoch milliseconds.');
const resourceKind = () => z.enum(RESOURCE_KINDS);
const stepKind = () => z.enum([...RESOURCE_KINDS, 'ping', 'awaitTunnel']);

export const vpnName = z.string().regex(VPN_NAME).describe('Name of a VPN.');

const operation = z.enum([PROVISION, DESTROY, SWEEP]);
const state = z
  .enum([
    'UNSPECIFIED',
    'RUNNING',
    'COMPLETED',
    'FAILED',
    'CANCELLED',
    'TERMINATED',
    'CONTINUED_AS_NEW',
    'TIMED_OUT',
    'PAUSED',
    'UNKNOWN',
  ])
  .describe("Temporal's word for how the run stands.");

const leftover = shapeOf<Leftover>()(
  z.object({ kind: resourceKind(), name: text(), id: text(), region: text(), reason: text() }),
);

const removed = z.object({ kind: resourceKind(), name: text(), id: text(), region: text() });

const ping = z.object({
  from: text(),
  to: text(),
  subnets: maybe(z.object({ from: text(), to: text() })),
  address: text(),
  sent: z.number(),
  received: z.number(),
  lossPercent: z.number(),
  rtt: z.object({ min: z.number(), avg: z.number(), max: z.number() }).describe('Milliseconds.'),
  through: maybe(text()),
});

const provisionResult = shapeOf<ProvisionResult>()(
  z.object({
    vpn: text(),
    proof: z.enum(['proven', 'unproven']).describe('`proven`: pings were answered both ways through the tunnel.'),
    sites: z.array(
      z.object({
        key: text(),
        region: text(),
        cloud: maybe(text()),
        address: text().describe('External IPv4 of its VPN service.'),
        resources: z.array(
          z.object({
            step: text(),
            kind: resourceKind(),
            id: text(),
            name: text(),
            action: z.enum(['created', 'adopted', 'updated', 'shared', 'existing']),
            address: maybe(text()),
            cidr: maybe(text()),
            status: maybe(text()),
            parent: maybe(text()),
            login: maybe(text()),
            doubtAt: maybe(z.number()),
          }),
        ),
      }),
    ),
    links: z.array(
      z.object({
        key: text(),
        external: maybe(z.object({ site: text(), address: text(), id: text(), cidrs: z.array(text()) })),
        statuses: z.record(text(), text()).describe("Status of each end's connection, by site."),
        ping: z.array(ping),
      }),
    ),
    removed: maybe(z.array(removed)),
    warnings: z.array(text()),
  }),
);

const destroyResult = shapeOf<DestroyResult>()(z.object({ vpn: text(), removed: z.array(removed) }));

const sweepResult = shapeOf<SweepResult>()(
  z.object({
    of: z.union([z.object({ vpn: text() }), z.object({ router: text(), region: text() })]),
    removed: z.array(removed),
    passedOver: z.array(text()),
  }),
);

const phase = z.enum(PHASES);

const progress = z.object({
  vpn: text(),
  operation: z.enum(['provision', 'destroy', 'sweep']),
  phase,
  phases: z.array(phase).describe('All so far, oldest first.'),
  settlesUntil: maybe(milliseconds()).describe(
    'While it looks for late effects of writes whose answers never came: until when, at least.',
  ),
  sites: z.array(z.object({ key: text(), region: text(), cloud: maybe(text()) })),
  steps: z.array(
    z.object({
      key: text(),
      kind: stepKind(),
      title: text(),
      site: maybe(text()),
      needs: z.array(text()).describe('Keys of the steps that are done first.'),
      temporary: z.boolean().describe('Of the test VMs: it goes away again.'),
      state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone', 'left']),
      startedAt: maybe(milliseconds()),
      endedAt: maybe(milliseconds()),
      action: maybe(z.enum(['created', 'adopted', 'updated', 'shared', 'existing'])),
      id: maybe(text()),
      note: maybe(text()),
    }),
  ),
  warnings: z.array(text()),
});

const runStatus = shapeOf<RunStatus>()(
  z.object({
    vpn: text(),
    operation,
    runId: text(),
    state,
    startedAt: milliseconds(),
    endedAt: maybe(milliseconds()),
    worker: z.enum(['answers', 'silent']).describe('`silent`: no worker answers, so that progress is missing.'),
    progress: maybe(progress),
    pending: z
      .array(
        z.object({
          activity: text(),
          step: maybe(text()),
          attempt: z.int(),
          failingSince: maybe(milliseconds()),
          lastFailure: maybe(text()).describe('Which call failed last, and with what.'),
          nextTryAt: maybe(z.number()),
        }),
      )
      .describe('What runs or waits for its next try.'),
  }),
);

/** How a run stands, and once it has ended what came of it. */
export const vpnStatus = runStatus.extend({
  result: maybe(z.union([provisionResult, destroyResult, sweepResult])).describe('Of a run that has succeeded.'),
  failure: maybe(
    z.object({
      type: text().describe('A published failure type, or `Cancelled`.'),
      message: text(),
      leftovers: z.array(leftover).describe('What could not be removed.'),
    }),
  ).describe('Of a run that has ended otherwise.'),
});
export type VpnStatus = z.output<typeof vpnStatus>;

const listedRun = shapeOf<ListedRun>()(
  z.object({
    vpn: text(),
    operation,
    state,
    runId: text(),
    startedAt: milliseconds(),
    endedAt: maybe(milliseconds()),
    phase: maybe(text()).describe('Absent until a worker has taken it up.'),
    regions: z.array(text()),
    requestedBy: text(),
  }),
);

export const vpnList = z.object({ vpns: z.array(listedRun).describe('The newest run of each VPN.') });

export const accepted = z.object({
  vpn: vpnName,
  joined: z.boolean().describe('The very same was under way already: this is that run.'),
  warnings: z.array(text()).describe('What is allowed in the spec and should still be known.'),
});

export const cancelling = z.object({ vpn: vpnName, operation, runId: text() });

const plannedStep = z.object({
  key: text(),
  kind: stepKind(),
  title: text(),
  name: text(),
  site: maybe(text()),
  temporary: z.boolean(),
  action: z.enum(['create', 'adopt', 'share', 'change', 'replace', 'remove', 'conflict', 'wait']),
  id: maybe(text()),
  status: maybe(text()).describe('As its cloud tells it: of a connection `ACTIVE` while its tunnel is up.'),
  fields: z
    .array(z.object({ field: text(), have: maybe(z.unknown()), want: maybe(z.unknown()), inPlace: z.boolean() }))
    .describe('Those that differ, without values where these are secret.'),
  reason: maybe(text()),
});

const plan = shapeOf<VpnPlan>()(
  z.object({
    vpn: text(),
    sites: z.array(
      z.object({
        key: text(),
        region: text(),
        cloud: maybe(text()),
        mode: maybe(z.enum(['endpoint-groups', 'legacy'])),
        existing: z.array(z.object({ part: text(), name: text(), id: text(), cidr: maybe(text()) })),
      }),
    ),
    steps: z.array(plannedStep),
    findings: z.array(
      z.object({
        about: text(),
        verdict: z.enum(['ok', 'unknown', 'warning', 'problem']),
        said: text(),
        cure: maybe(text()),
        sites: z.array(text()),
      }),
    ),
    warnings: z.array(text()),
    possible: z.boolean().describe('Nothing is in conflict, and no finding is a problem.'),
    changes: z.int().describe('Steps that provisioning the spec again would make or change.'),
    time: z.object({ seconds: z.number(), path: z.array(text()) }),
  }),
);

export const checked = z.object({
  vpn: vpnName,
  asBuilt: z.boolean().describe('Everything stands as its spec says: provisioning it again would change nothing.'),
  up: z.boolean().describe('Both ends of every tunnel are ACTIVE, as their clouds tell it.'),
  plan: plan.describe('What provisioning its spec again would do.'),
});

export const health = z.object({ status: z.literal('ok') });
export const readiness = z.object({ status: z.literal('ready'), workers: z.int() });

export const problem = z
  .object({
    type: z.enum(Object.keys(PROBLEMS).map((kind) => `urn:regionlink:problem:${kind}`)),
    title: text(),
    status: z.int(),
    detail: text(),
    problems: maybe(
      z.array(
        z.object({
          pointer: text().describe('Where in the body, as a JSON pointer.'),
          path: text().describe('The same for people: `sites.left.region`.'),
          message: text(),
          value: maybe(text()),
          cure: maybe(text()),
        }),
      ),
    ).describe('Of `invalid-spec`: all of them.'),
    vpn: maybe(text()),
    operation: maybe(text()).describe('Of `vpn-busy`: what runs.'),
    runId: maybe(text()),
    since: maybe(milliseconds()),
    requestedBy: maybe(text()),
    failureType: maybe(text()).describe('Of `look-failed`: a published failure type.'),
  })
  .describe('A problem (RFC 9457).');

/** The schemas that the OpenAPI document names. */
export const SCHEMAS = {
  VpnName: vpnName,
  VpnSpec: specFile,
  VpnStatus: vpnStatus,
  VpnList: vpnList,
  Accepted: accepted,
  Cancelling: cancelling,
  Checked: checked,
  Health: health,
  Readiness: readiness,
  Problem: problem,
} as const;

export type SchemaName = keyof typeof SCHEMAS;
