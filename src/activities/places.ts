/**
 * Where this installation may have resources: every region of every configured cloud, each project once.
 * The rule: a region that cannot be asked fails the whole: what is there would be left, and nobody told.
 */
import type { Region } from '../openstack/region.js';
import { RememberingRegion } from '../openstack/remembering-region.js';
import type { SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { WorkerContext } from './worker-context.js';

export interface Place {
  /** For one look: each list is read once. */
  readonly region: Region;
  readonly pins: Omit<SitePins, 'site'>;
}

/** Every region of some clouds, by default of every configured one. Fails `CloudNotSuitable` where there is none. */
export async function allPlaces(
  worker: WorkerContext,
  attempt: Attempt,
  clouds: readonly string[] = worker.clouds.names,
): Promise<readonly Place[]> {
  if (clouds.length === 0)
    throw refuse('CloudNotSuitable', 'this worker has no cloud configured: add clouds.yaml or OS_* variables');
  const places = new Map<string, Place>();
  for (const name of clouds) {
    const configured = worker.clouds.regionsOf(name);
    const regions = configured.length > 0 ? configured : await offeredBy(name, worker, attempt);
    for (const regionName of regions) {
      const session = worker.regions.session(worker.clouds.get(name, regionName));
      const region = new RememberingRegion(session, regionName);
      const projectId = await attempt.read((call) => region.projectId(call));
      const networkEndpoint = await attempt.read((call) => region.networkEndpoint(call));
      const pins = { cloud: name, region: regionName, projectId, networkEndpoint, owner: worker.owner };
      places.set(`${networkEndpoint} ${projectId}`, { region, pins });
    }
  }
  return [...places.values()];
}

async function offeredBy(cloud: string, worker: WorkerContext, attempt: Attempt): Promise<readonly string[]> {
  const session = worker.regions.session(worker.clouds.get(cloud));
  return attempt.read((call) => session.regions(call));
}
