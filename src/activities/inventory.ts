/**
 * `takeInventory`, the first activity of a destroy: everything that bears a VPN's marks, in every configured cloud and region, as a graph to walk backwards.
 * The rule: a region that cannot be asked fails the whole: what is there would be left, and nobody told.
 */
import { inOrder } from '../graph/build-graph.js';
import { KINDS, RESOURCE_KINDS } from '../graph/kinds.js';
import type { ResourceKind, ResourceStep, StepOutput } from '../graph/types.js';
import type { Region } from '../openstack/region.js';
import type { DestroyInput, InventoryOutput, SitePins } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { Found } from './kind.js';
import { kindOf } from './resources/index.js';
import { foundOf } from './resources/neutron-kind.js';
import { serviceStep } from './resources/vpn-service.js';
import type { WorkerContext } from './worker-context.js';

interface Place {
  readonly region: Region;
  readonly pins: Omit<SitePins, 'site'>;
}

interface Item {
  readonly kind: ResourceKind;
  readonly site: string;
  readonly link?: string;
  readonly found: Found;
  readonly place: Place;
}

export function makeTakeInventory(worker: WorkerContext) {
  return (input: DestroyInput): Promise<InventoryOutput> =>
    Attempt.run(worker.timing, async (attempt) => {
      const items: Item[] = [];
      for (const place of await allPlaces(worker, attempt))
        items.push(...(await itemsAt(place, input.vpn, worker.owner, attempt)));
      return toGraph(items, worker);
    });
}

/** Every region of every configured cloud that has a network service, each project once. */
async function allPlaces(worker: WorkerContext, attempt: Attempt): Promise<readonly Place[]> {
  if (worker.clouds.names.length === 0)
    throw refuse('CloudNotSuitable', 'this worker has no cloud configured: add clouds.yaml or OS_* variables');
  const places = new Map<string, Place>();
  for (const name of worker.clouds.names) {
    const cloud = worker.clouds.get(name);
    const session = worker.regions.session(cloud);
    const configured = worker.clouds.regionsOf(name);
    const regions = configured.length > 0 ? configured : await attempt.read((call) => session.regions(call));
    for (const regionName of regions) {
      const region = worker.regions.open(cloud, regionName);
      const projectId = await attempt.read((call) => region.projectId(call));
      const networkEndpoint = await attempt.read((call) => region.networkEndpoint(call));
      const pins = { cloud: name, region: regionName, projectId, networkEndpoint, owner: worker.owner };
      places.set(`${networkEndpoint} ${projectId}`, { region, pins });
    }
  }
  return [...places.values()];
}

async function itemsAt(place: Place, vpn: string, owner: string, attempt: Attempt): Promise<readonly Item[]> {
  const marked: Item[] = [];
  for (const kind of RESOURCE_KINDS) {
    const all = await kindOf(kind).inventory(place.region, attempt);
    for (const found of all) {
      const { mark } = found;
      const parts = mark?.step.split('/') ?? [];
      if (mark?.owner !== owner || mark.vpn !== vpn || parts.at(-1) !== kind) continue;
      const [link, site] = parts.length === 3 ? [parts[0], parts[1]] : [undefined, parts[0]];
      marked.push({ kind, site: site ?? '', ...(link === undefined ? {} : { link }), found, place });
    }
  }
  if (marked.length === 0) return [];
  return [...marked, ...(await partsOf(marked, place, owner, attempt))];
}

/** What has no mark of this VPN: gateways and interfaces of its routers, and our VPN services over them or under its connections. */
async function partsOf(
  marked: readonly Item[],
  place: Place,
  owner: string,
  attempt: Attempt,
): Promise<readonly Item[]> {
  const parts: Item[] = [];
  const { region } = place;
  const ports = await attempt.read((call) => region.list('ports', call));
  const services = await attempt.read((call) => region.list('vpnServices', call));
  for (const { kind, site, found } of marked) {
    if (kind === 'router') {
      if (found.fields.external_gateway_info !== null)
        parts.push({ kind: 'externalGateway', site, found: part(found.id, found.name), place });
      const own = marked.filter((item) => item.kind === 'subnet' && item.site === site).map((item) => item.found);
      for (const subnet of own) {
        const attached = ports.find(
          (port) => port.device_id === found.id && port.fixed_ips.some((ip) => ip.subnet_id === subnet.id),
        );
        if (attached !== undefined)
          parts.push({ kind: 'routerInterface', site, found: part(attached.id, subnet.name), place });
      }
    }
    const here = services.filter((service) =>
      kind === 'router'
        ? service.router_id === found.id
        : kind === 'siteConnection' && service.id === found.fields.vpnservice_id,
    );
    for (const service of here.map(foundOf)) {
      const ours = service.mark?.owner === owner && service.mark.step === serviceStep(String(service.fields.router_id));
      if (ours && !parts.some((item) => item.found.id === service.id))
        parts.push({ kind: 'vpnService', site, found: service, place });
    }
  }
  return parts;
}

function part(id: string, name: string): Found {
  return { id, name, mark: undefined, fields: {} };
}

/** One step a kind, site and link, with needs by kind: doubles are removed by the step's own look-up. */
function toGraph(items: readonly Item[], worker: WorkerContext): InventoryOutput {
  const sites: Record<string, SitePins> = {};
  const found: Record<string, StepOutput> = {};
  const steps = new Map<string, ResourceStep>();
  for (const item of items) {
    const before = sites[item.site];
    if (before !== undefined && before.networkEndpoint !== item.place.pins.networkEndpoint) {
      throw refuse(
        'SpecConflict',
        `site ${item.site} has resources in ${before.region} and in ${item.place.pins.region}: remove those of one region by hand, they bear its mark in their description`,
      );
    }
    sites[item.site] = { site: item.site, ...item.place.pins };
    const key = [...(item.link === undefined ? [] : [item.link]), item.site, item.kind].join('/');
    const { id, name } = item.found;
    const parent = item.kind === 'vpnService' ? String(item.found.fields.router_id) : undefined;
    found[key] = { id, name, action: 'adopted', ...(parent === undefined ? {} : { parent }) };
    // A service over an existing router: the router is known by it alone.
    if (parent !== undefined) found[`${item.site}/router`] ??= { id: parent, name: parent, action: 'existing' };
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
    } as ResourceStep);
  }
  const all = [...steps.values()];
  const connected = all.map((step) => ({
    ...step,
    needs: all
      .filter((other) => other.site === step.site && KINDS[step.kind].after.includes(other.kind))
      .map((other) => other.key),
  }));
  return { graph: inOrder(connected), sites, found, timing: worker.timing };
}
