/**
 * `takeInventory`, the first activity of a destroy: everything that bears a VPN's marks, in every configured cloud and region, as a graph to walk backwards.
 * The rule: what is in the graph is of that VPN by its marks, and the graph's order holds whichever run made what.
 */
import { inOrder } from '../graph/build-graph.js';
import { KINDS } from '../graph/kinds.js';
import { needsByKind } from '../graph/needs.js';
import { siteStepKey, stepKeyOf } from '../graph/step-keys.js';
import type { ResourceStep, StepOutput } from '../graph/types.js';
import type { DestroyInput, InventoryOutput, SitePins } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import { holdingsAt, type Item, resourcesOf } from './holdings.js';
import { allPlaces } from './places.js';
import type { WorkerContext } from './worker-context.js';

export function makeTakeInventory(worker: WorkerContext) {
  return (input: DestroyInput): Promise<InventoryOutput> =>
    Attempt.run(worker.timing, async (attempt) => {
      const places = await allPlaces(worker, attempt);
      const items = await Promise.all(
        places.map(async (place) => resourcesOf(input.vpn, await holdingsAt(place, worker.owner, attempt), attempt)),
      );
      return toGraph(items.flat(), worker);
    });
}

/**
 * One step a kind, site, link and part, with needs by kind: doubles are removed by the step's own look-up, and what is a part of one of them is found by the
 * one that is used. Fails `SpecConflict` for a site in two regions.
 */
export function toGraph(items: readonly Item[], worker: WorkerContext): InventoryOutput {
  const sites: Record<string, SitePins> = {};
  const found: Record<string, StepOutput> = {};
  const steps = new Map<string, ResourceStep>();
  const used = new Set<unknown>(
    items.flatMap(({ found: { fields } }) => [fields.router, fields.router_id, fields.subnet]),
  );
  for (const item of items) {
    const before = sites[item.site];
    if (before !== undefined && before.networkEndpoint !== item.place.pins.networkEndpoint) {
      throw refuse(
        'SpecConflict',
        `site ${item.site} has resources in ${before.region} and in ${item.place.pins.region}: remove those of one region by hand, they bear its mark in their description`,
      );
    }
    sites[item.site] = { site: item.site, ...item.place.pins };
    const key = stepKeyOf(item);
    const { id, name } = item.found;
    const parent = item.kind === 'vpnService' ? String(item.found.fields.router_id) : undefined;
    const double = found[key];
    if (double === undefined || !used.has(double.id))
      found[key] = { id, name, action: 'adopted', ...(parent === undefined ? {} : { parent }) };
    // A service over an existing router: the router is known by it alone.
    if (parent !== undefined)
      found[siteStepKey(item.site, 'router')] ??= { id: parent, name: parent, action: 'existing' };
    steps.set(key, {
      key,
      kind: item.kind,
      site: item.site,
      name,
      want: {},
      needs: [],
      title: `${KINDS[item.kind].noun} ${name}`,
      temporary: false,
      ...(item.link === undefined ? {} : { link: item.link }),
      ...(item.part === undefined ? {} : { part: item.part }),
    } as ResourceStep);
  }
  const all = [...steps.values()];
  const connected = all.map((step) => ({ ...step, needs: needsByKind(step, all) }));
  return { graph: inOrder(connected), sites, found, timing: worker.timing };
}
