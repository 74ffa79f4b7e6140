/**
 * What the other end of a tunnel has to be set to, where that is not OpenStack: read from our end as it stands in the cloud, found by its mark.
 * The rule: it only reads, and asks nothing that Temporal remembers: a peer may have to be set up anew years after the run.
 */
import { placeOf, siteStepKey } from '../graph/step-keys.js';
import type { IkePolicy, IpsecPolicy, SiteConnection } from '../openstack/types.js';
import { linkSites } from '../spec/naming.js';
import type { ExternalEnd, ExternalEndsInput, SitePins } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { Mark } from './mark.js';
import { allPlaces } from './places.js';
import { type End, readEnd } from './read-ends.js';
import { siteConnection } from './resources/site-connection.js';
import type { WorkerContext } from './worker-context.js';

/** One of each link, in the order of their keys. Empty where no connection to an external site stands. */
export function makeReadExternalEnds(worker: WorkerContext) {
  return ({ vpn }: ExternalEndsInput): Promise<readonly ExternalEnd[]> =>
    Attempt.run(worker.timing, async (attempt) => {
      const ends = new Map<string, ExternalEnd>();
      for (const { region, pins } of await allPlaces(worker, attempt)) {
        for (const { id, name, mark } of await siteConnection.inventory(region, attempt)) {
          const place = mark === undefined ? undefined : placeOf(mark.step, 'siteConnection');
          const isOf = mark?.owner === worker.owner && mark.vpn === vpn && mark.peer === 'external';
          if (!isOf || place?.link === undefined) continue;
          const site: SitePins = { ...pins, site: place.site };
          const outputs = { [mark.step]: { id, name, action: 'adopted' } as const };
          const end = await readEnd(site, { link: place.link, outputs }, worker, attempt);
          ends.set(place.link, externalEnd(vpn, place.link, end, mark));
        }
      }
      return [...ends.values()].sort((a, b) => a.link.localeCompare(b.link));
    });
}

function externalEnd(vpn: string, link: string, end: End, { owner, nonce, key }: Mark): ExternalEnd {
  const { site, region, connection, service, ike, ipsec, localCidrs, peerCidrs } = end;
  const address = service?.external_v4_ip;
  if (!connection || !address || !ike || !ipsec || !localCidrs || !peerCidrs) {
    throw refuse(
      'CloudNotSuitable',
      `what the other end must be set to cannot be told: ${end.gone.join(' and ') || `the address of ${siteStepKey(site, 'vpnService')}`} is gone from ${region}. Apply again, which mends what can be mended`,
    );
  }
  return {
    vpn,
    link,
    region,
    status: connection.status,
    ours: { site, address, id: connection.local_id || address, cidrs: localCidrs },
    theirs: {
      site: linkSites(link).find((one) => one !== site) ?? '',
      address: connection.peer_address,
      id: connection.peer_id,
      cidrs: peerCidrs,
    },
    ike: ikeOf(ike),
    ipsec: ipsecOf(ipsec),
    connection: optionsOf(connection),
    ...(nonce === undefined || key === undefined ? {} : { psk: { owner, nonce, keyId: key } }),
  };
}

function ikeOf(policy: IkePolicy): ExternalEnd['ike'] {
  return {
    version: policy.ike_version === 'v1' ? 'v1' : 'v2',
    mode: policy.phase1_negotiation_mode === 'aggressive' ? 'aggressive' : 'main',
    ...transformOf(policy),
  };
}

function ipsecOf(policy: IpsecPolicy): ExternalEnd['ipsec'] {
  return {
    protocol: policy.transform_protocol === 'ah' ? 'ah' : 'esp',
    encapsulation: policy.encapsulation_mode === 'transport' ? 'transport' : 'tunnel',
    ...transformOf(policy),
  };
}

function transformOf({ encryption_algorithm, auth_algorithm, pfs, lifetime }: IkePolicy | IpsecPolicy) {
  return {
    encryption: told(encryption_algorithm, 'encryption_algorithm'),
    auth: told(auth_algorithm, 'auth_algorithm'),
    pfs: told(pfs, 'pfs'),
    lifetimeSeconds: told(lifetime?.value, 'lifetime'),
  };
}

function optionsOf({ dpd, mtu, initiator, admin_state_up }: SiteConnection): ExternalEnd['connection'] {
  return {
    dpd: {
      action: told(dpd?.action, 'dpd action'),
      intervalSeconds: told(dpd?.interval, 'dpd interval'),
      timeoutSeconds: told(dpd?.timeout, 'dpd timeout'),
    },
    mtu: told(mtu, 'mtu'),
    initiator: initiator === 'response-only' ? 'response-only' : 'bi-directional',
    adminStateUp: told(admin_state_up, 'admin_state_up'),
  };
}

/** All of it was sent; what the cloud does not show again is not guessed. */
function told<T>(value: T | null | undefined, field: string): T {
  if (value !== null && value !== undefined) return value;
  throw refuse('CloudRefused', `the cloud does not show the ${field} of the connection or of its policies`);
}
