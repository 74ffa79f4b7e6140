/**
 * What a site's policies and its end of the tunnel say: the site's own words, then those for all, then the profile's or the API's.
 * The rule: field by field, so that a site says only what it has otherwise.
 */
import { PROFILES } from './crypto.js';
import { CONNECTION } from './policy-schema.js';
import type { OpenstackSiteFile, SpecFile } from './schema.js';
import type { ConnectionOptions, IkePolicySpec, IpsecPolicySpec, SiteSpec } from './types.js';

/** All three of a site, every field decided. */
export function policiesAt(file: SpecFile, site: OpenstackSiteFile): Pick<SiteSpec, 'ike' | 'ipsec' | 'connection'> {
  const { ike, ipsec } = PROFILES[file.profile];
  const saidOfIke = { ...file.ike, ...site.ike };
  const saidOfIpsec = { ...file.ipsec, ...site.ipsec };
  return {
    ike: {
      version: saidOfIke.version ?? ike.version,
      mode: saidOfIke.mode ?? ike.mode,
      ...transform(saidOfIke, ike),
    },
    ipsec: {
      protocol: saidOfIpsec.protocol ?? ipsec.protocol,
      encapsulation: saidOfIpsec.encapsulation ?? ipsec.encapsulation,
      ...transform(saidOfIpsec, ipsec),
    },
    connection: connectionOf(
      { ...file.connection, ...site.connection },
      { ...file.connection.dpd, ...site.connection?.dpd },
    ),
  };
}

function transform(said: SpecFile['ike'] | SpecFile['ipsec'], standard: IkePolicySpec | IpsecPolicySpec) {
  return {
    encryption: said.encryption ?? standard.encryption,
    auth: said.auth ?? standard.auth,
    pfs: said.pfs ?? standard.pfs,
    lifetimeSeconds: said.lifetime ?? standard.lifetimeSeconds,
    ...(said.description === undefined ? {} : { description: said.description }),
  };
}

function connectionOf(
  said: NonNullable<OpenstackSiteFile['connection']>,
  dpd: NonNullable<SpecFile['connection']['dpd']>,
): ConnectionOptions {
  return {
    dpd: {
      action: dpd.action ?? CONNECTION.dpd.action,
      intervalSeconds: dpd.interval ?? CONNECTION.dpd.interval,
      timeoutSeconds: dpd.timeout ?? CONNECTION.dpd.timeout,
    },
    mtu: said.mtu ?? CONNECTION.mtu,
    initiator: said.initiator ?? CONNECTION.initiator,
    adminStateUp: said.adminStateUp ?? CONNECTION.adminStateUp,
    ...(said.localId === undefined ? {} : { localId: said.localId }),
    ...(said.description === undefined ? {} : { description: said.description }),
  };
}
