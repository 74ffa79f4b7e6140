/**
 * All that there is in a cloud's regions, of every kind and of everyone, to be compared before and after.
 * The rule: seen as the administrator, so that nothing can be left where its owner would not look.
 */
import type { Target } from '../contract/target.js';

const COLLECTIONS = {
  network: [
    'networks',
    'subnets',
    'routers',
    'ports',
    'security-groups',
    'security-group-rules',
    'floatingips',
    'vpn/ikepolicies',
    'vpn/ipsecpolicies',
    'vpn/vpnservices',
    'vpn/endpoint-groups',
    'vpn/ipsec-site-connections',
  ].map((path) => `/v2.0/${path}`),
  compute: ['/servers/detail?all_tenants=1'],
} as const;

/** Fields that change by themselves; a network's zones are where agents have come to serve it. */
const VOLATILE = new Set(['updated_at', 'revision_number', 'updated', 'progress', 'availability_zones']);

/** Every resource as text, by region, kind, name and id. */
export type Picture = ReadonlyMap<string, string>;

export async function pictureOf(target: Target, regions: readonly string[]): Promise<Picture> {
  const rows = await Promise.all(
    regions.flatMap((region) =>
      Object.entries(COLLECTIONS).flatMap(([service, paths]) =>
        paths.map(async (path) => {
          const answer = await target.send({ user: 'admin', region, service, method: 'GET', path });
          if (answer.status !== 200) throw new Error(`${path} in ${region}: ${answer.status}`);
          const list = Object.values(answer.body as object).find(Array.isArray) as Record<string, unknown>[];
          return list.map((row) => [`${region} ${path} ${row.name} ${row.id}`, stable(row)] as const);
        }),
      ),
    ),
  );
  return new Map(rows.flat());
}

function stable(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.entries(row)
      .filter(([field]) => !VOLATILE.has(field))
      .sort(),
  );
}
