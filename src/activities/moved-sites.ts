/**
 * Sites of a VPN that stands and that its spec has in another region by now: applied, it would be made there once more, beside what stands.
 * The rule: it only reads, and what cannot be asked keeps nobody from a region that the spec does not name.
 */
import { placeOf } from '../graph/step-keys.js';
import { CloudConfigError, OpenStackError } from '../openstack/errors.js';
import type { VpnSpec } from '../spec/types.js';
import type { Attempt } from './attempt.js';
import type { SiteLookUp } from './look-up-site.js';
import { allPlaces, type Place } from './places.js';
import { siteConnection } from './resources/site-connection.js';
import type { WorkerContext } from './worker-context.js';

type Pins = Place['pins'];

/**
 * A text a site. Every site of a whole VPN has a connection. Where one stands for each in its region, none has moved; else it is looked for in all
 * regions of the clouds that the spec names.
 */
export async function movedSites(
  spec: VpnSpec,
  sites: ReadonlyMap<string, SiteLookUp>,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<readonly string[]> {
  const own = [...sites.values()];
  const named: readonly Place[] = own.map(({ region, pins: { site: _, ...pins } }) => ({ region, pins }));
  const standing = await standingAt(named, spec, worker.owner, attempt);
  if (own.every(({ pins }) => standing.some((one) => one.site === pins.site && isSame(one.pins, pins)))) return [];
  const clouds = new Set(own.map(({ pins }) => worker.clouds.get(pins.cloud, pins.region).name));
  const all = await orNone(allPlaces(worker, attempt, [...clouds]));
  const further = all.filter(({ pins }) => !named.some((place) => isSame(place.pins, pins)));
  const elsewhere = await standingAt(further, spec, worker.owner, attempt);
  return [...standing, ...elsewhere].flatMap(({ site, name, pins }) => {
    const here = sites.get(site)?.pins;
    if (here === undefined || isSame(here, pins)) return [];
    return [
      `sites.${site}.region: the VPN that stands has it in region ${pins.region} (connection ${name}), the spec in ${here.region}, to which it cannot move. Say ${pins.region}`,
    ];
  });
}

interface Standing {
  readonly site: string;
  /** The connection's, with its id. */
  readonly name: string;
  readonly pins: Pins;
}

async function standingAt(
  places: readonly Place[],
  { name: vpn }: VpnSpec,
  owner: string,
  attempt: Attempt,
): Promise<readonly Standing[]> {
  const all = await Promise.all(
    places.map(async ({ region, pins }) =>
      (await orNone(siteConnection.inventory(region, attempt))).flatMap(({ id, name, mark }): Standing[] => {
        const site = mark === undefined ? undefined : placeOf(mark.step, 'siteConnection')?.site;
        const isOurs = mark?.owner === owner && mark.vpn === vpn;
        return isOurs && site !== undefined ? [{ site, name: `${name}, ${id}`, pins }] : [];
      }),
    ),
  );
  return all.flat();
}

function isSame(one: Pins, other: Pins): boolean {
  return one.networkEndpoint === other.networkEndpoint && one.projectId === other.projectId;
}

async function orNone<T>(work: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OpenStackError || error instanceof CloudConfigError) return [];
    throw error;
  }
}
