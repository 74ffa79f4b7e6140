/** Of several doubles of a policy or group, the one that a connection refers to stays. One look-up for the four kinds that ask so. */
import type { Region } from '../../openstack/region.js';
import type { SiteConnection } from '../../openstack/types.js';
import type { Attempt } from '../attempt.js';

/** Whether any connection refers to an id by one of these fields. */
export function usedByConnection(...fields: readonly (keyof SiteConnection)[]) {
  return async (
    found: { readonly id: string },
    { region, attempt }: { readonly region: Region; readonly attempt: Attempt },
  ) => {
    const connections = await attempt.read((call) => region.list('siteConnections', call));
    return connections.some((connection) => fields.some((field) => connection[field] === found.id));
  };
}
