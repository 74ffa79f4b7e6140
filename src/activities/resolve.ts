/**
 * `resolveSpec`, the first activity of a provision: validates, applies defaults, looks up and pins, and notes what already stands.
 * The rule: it only reads, and it tells every problem of both sites at once.
 */
import { randomBytes } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { buildGraph } from '../graph/build-graph.js';
import { siteStepKey } from '../graph/step-keys.js';
import {
  type Graph,
  isResourceStep,
  type LookUps,
  type ResourceKind,
  type ResourceStep,
  type StepOutput,
} from '../graph/types.js';
import { AbortError } from '../openstack/errors.js';
import { InvalidSpecError, parseSpec } from '../spec/index.js';
import type { VpnSpec } from '../spec/types.js';
import {
  type BeforeState,
  type FailureType,
  type LinkPins,
  type ResolvedVpn,
  type ResolveInput,
  workflowIdOf,
} from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { inspectKind, theUsed } from './ensure-kind.js';
import { failureOf, refuse } from './failures.js';
import type { Item } from './holdings.js';
import { toGraph } from './inventory.js';
import { type Found, keyBeside, type StepScope } from './kind.js';
import { lookUpSites, type SiteLookUp, type TestMachine } from './look-up-site.js';
import { movedSites } from './moved-sites.js';
import { inStandingMode, otherMode } from './resolve-modes.js';
import { inStandingOrder, networkChanges, refuseOneRouter, refuseOverlap } from './resolve-networks.js';
import { kindOf } from './resources/index.js';
import { otherForm, ownPsk, pskBefore } from './resources/site-connection.js';
import type { WorkerContext } from './worker-context.js';

export function makeResolveSpec(worker: WorkerContext) {
  return (input: ResolveInput): Promise<ResolvedVpn> =>
    Attempt.run(worker.timing, async (attempt) => {
      const { spec, warnings } = parsed(input.spec);
      mustHoldLock(spec, input.workflowId);
      try {
        const { resolved, misfits, conflicts } = await resolve(spec, warnings, input.run, worker, attempt);
        const cure = conflicts.length === 0 ? [] : [OF_CONFLICTS];
        const told = [...misfits.values(), ...conflicts, ...cure];
        if (told.length > 0) throw refuse('SpecConflict', told.join('\n'));
        return resolved;
      } catch (error) {
        throw withinDeadline(error, spec);
      }
    });
}

/** The run's deadline is in the spec, which only this activity can read: once it has passed, what would be tried again is final. */
function withinDeadline(error: unknown, spec: VpnSpec): unknown {
  if (Date.now() < activityInfo().scheduledTimestampMs + spec.retryForSeconds * 1000) return error;
  const failure = error instanceof AbortError ? error : failureOf(error, {});
  return failure instanceof ApplicationFailure
    ? refuse(
        failure.type as FailureType,
        `${failure.message}. The time that retryFor allows has passed; nothing was touched`,
      )
    : failure;
}

/** A resolved spec, and each site as the same look saw it, for who goes on reading. */
export interface Resolution {
  readonly resolved: ResolvedVpn;
  readonly sites: ReadonlyMap<string, SiteLookUp>;
  /** Why a VPN service that stands cannot be used, by its step, whose row of a plan tells it as well. */
  readonly misfits: ReadonlyMap<string, string>;
  /** What keeps the VPN that stands from becoming what the spec says, besides its steps' own. */
  readonly conflicts: readonly string[];
}

/** What to do about them. */
export const OF_CONFLICTS = 'Or destroy the VPN first and apply it anew';

/** Looks up and pins. Fails with the problems of all sites. */
export async function resolve(
  said: VpnSpec,
  warnings: readonly string[],
  run: string,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<Resolution> {
  if (said.psk.from !== 'generated') ownPsk(said.psk, worker.env);
  const sites = await lookUpSites(said, worker, attempt);
  const spec = await inStandingMode(await inStandingOrder(said, sites, attempt), sites, attempt);
  const lookUps: LookUps = {
    given: Object.assign({}, ...[...sites.values()].map((site) => site.given)),
    images: Object.fromEntries(
      [...sites].flatMap(([key, { machine }]) => (machine === undefined ? [] : [[key, idsOf(machine)]])),
    ),
  };
  refuseOneRouter(spec, lookUps);
  refuseOverlap(spec, lookUps);
  const graph = buildGraph(spec, lookUps);
  const { standing, misfits } = await standingNow(graph, spec.name, run, sites, lookUps, worker, attempt);
  const { conflicts: ofNetworks, retired } = await networkChanges(spec, graph, standing, sites, lookUps, attempt);
  const conflicts = [
    ...(misfits.size === 0 ? await otherMode(spec, sites, attempt) : []),
    ...ofNetworks,
    ...otherForms(graph, standing),
    ...(await movedSites(spec, sites, worker, attempt)),
  ];
  const links = Object.fromEntries(
    spec.links.map((link) => [link.key, linkPins(link.key, [...standing.values()], worker)]),
  );
  const resolved: ResolvedVpn = {
    spec,
    graph,
    sites: Object.fromEntries([...sites].map(([key, site]) => [key, site.pins])),
    links,
    given: lookUps.given,
    before: Object.fromEntries(
      graph.steps.filter(isResourceStep).flatMap((step) => {
        const found = standing.get(step.key);
        const site = sites.get(step.site)?.pins;
        const link = step.link === undefined ? undefined : links[step.link];
        if (found === undefined || site === undefined) return [];
        return [[step.key, beforeOf(found, { vpn: spec.name, step, site, link, worker })]];
      }),
    ),
    retired: retiredGraph(retired, standing, worker),
    timing: worker.timing,
    warnings,
  };
  return { resolved, sites, misfits, conflicts };
}

/** Links whose other end was external and is it no more, or the other way round, a text each. */
function otherForms(graph: Graph, standing: ReadonlyMap<string, Found>): readonly string[] {
  return graph.steps.flatMap((step) => {
    const found = standing.get(step.key);
    if (found === undefined || !isResourceStep(step) || !isKind(step, 'siteConnection')) return [];
    return otherForm(found, { step }).map(
      ({ have, want }) =>
        `sites.${step.peer}: it is ${String(have)} in the VPN that stands, and ${String(want)} in the spec, to which it cannot change`,
    );
  });
}

/** As a graph to walk backwards, with the routers that the legs are at. */
function retiredGraph(
  items: readonly Item[],
  standing: ReadonlyMap<string, Found>,
  worker: WorkerContext,
): Required<ResolvedVpn>['retired'] {
  const { graph, found } = toGraph(items, worker);
  const routers = [...new Set(items.map(({ site }) => siteStepKey(site, 'router')))].flatMap((key) => {
    const router = standing.get(key);
    return router === undefined ? [] : [[key, { id: router.id, name: router.name, action: 'adopted' } as const]];
  });
  return { graph, found: { ...found, ...Object.fromEntries(routers) } };
}

/** What of the VPN stands already, and which VPN service cannot be used, by step. */
async function standingNow(
  graph: Graph,
  vpn: string,
  run: string,
  sites: ReadonlyMap<string, SiteLookUp>,
  lookUps: LookUps,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<{ readonly standing: ReadonlyMap<string, Found>; readonly misfits: ReadonlyMap<string, string> }> {
  const standing = new Map<string, Found>();
  const misfits = new Map<string, string>();
  for (const step of graph.steps.filter(isResourceStep)) {
    const site = sites.get(step.site);
    if (site === undefined || step.temporary) continue;
    const known = [...standing].map(([key, { id, name }]) => [key, { id, name, action: 'adopted' } as const]);
    const scope: StepScope = {
      vpn,
      run,
      step,
      site: site.pins,
      link: undefined,
      region: site.region,
      attempt,
      worker,
      outputs: { ...lookUps.given, ...Object.fromEntries(known) },
    };
    const all = await standingOf(scope);
    const found = await theUsed(kindOf(step.kind), all, scope);
    if (found === undefined) continue;
    standing.set(step.key, found);
    const misfit = step.kind === 'vpnService' ? await misfitOf(scope, all) : undefined;
    if (misfit !== undefined) misfits.set(step.key, misfit);
  }
  return { standing, misfits };
}

/** Why what stands cannot be used, in the words of the step that would use it. */
async function misfitOf(scope: StepScope, found: readonly Found[]): Promise<string | undefined> {
  try {
    await inspectKind(kindOf(scope.step.kind), scope, found);
    return undefined;
  } catch (error) {
    if (error instanceof ApplicationFailure && error.nonRetryable) return error.message;
    throw error;
  }
}

/** The spec with its defaults. Fails `InvalidSpec` with all problems. */
export function parsed(spec: unknown): ReturnType<typeof parseSpec> {
  try {
    return parseSpec(spec);
  } catch (error) {
    if (error instanceof InvalidSpecError) throw refuse('InvalidSpec', error.message);
    throw error;
  }
}

function mustHoldLock({ name }: VpnSpec, workflowId: string): void {
  if (workflowIdOf(name) === workflowId) return;
  throw refuse(
    'InvalidSpec',
    `the spec is of ${name}, so the workflow id must be ${workflowIdOf(name)}, not ${workflowId}: the id is the VPN's lock`,
  );
}

function idsOf({ image, flavor }: TestMachine): LookUps['images'][string] {
  return { image: image.id, flavor: flavor.id };
}

async function standingOf(scope: StepScope): Promise<readonly Found[]> {
  return mayStand(scope.step, scope.outputs) ? kindOf(scope.step.kind).find(scope) : [];
}

/** Whether that stands by which a step's resource is found, where it is found by another: a router, and for an interface its subnet. */
export function mayStand(step: ResourceStep, standing: Readonly<Record<string, StepOutput | undefined>>): boolean {
  const stands = (part: ResourceKind) => standing[keyBeside(step, part)] !== undefined;
  if (step.kind === 'routerInterface') return stands('router') && stands('subnet');
  return (step.kind !== 'externalGateway' && step.kind !== 'vpnService') || stands('router');
}

function beforeOf(found: Found, scope: Pick<StepScope, 'vpn' | 'step' | 'site' | 'link' | 'worker'>): BeforeState {
  const { id, fields } = found;
  const { restorable } = kindOf(scope.step.kind);
  return {
    id,
    fields: Object.fromEntries(restorable.flatMap((field) => (field in fields ? [[field, fields[field]]] : []))),
    ...(isKind(scope.step, 'siteConnection') ? pskBefore(fields.psk, { ...scope, step: scope.step }) : {}),
  };
}

function isKind<K extends ResourceKind>(step: ResourceStep, kind: K): step is ResourceStep<K> {
  return step.kind === kind;
}

/** An existing connection's mark gives its PSK's nonce back; a new link draws one. */
function linkPins(link: string, standing: readonly Found[], worker: WorkerContext): LinkPins {
  const mark = standing
    .map((found) => found.mark)
    .find((one) => one?.step.startsWith(`${link}/`) && one.nonce !== undefined);
  if (mark?.nonce !== undefined && mark.key !== undefined) return { nonce: mark.nonce, keyId: mark.key };
  return { nonce: randomBytes(8).toString('hex'), keyId: worker.keys.currentId };
}
