/** Every kind by name. The one list that activities, resolve, destroy and settle go by. */
import type { ResourceKind } from '../../graph/types.js';
import type { Kind } from '../kind.js';
import { network, router, subnet } from './networks.js';
import { externalGateway, routerInterface } from './router-parts.js';
import { siteConnection } from './site-connection.js';
import { port, securityGroup, securityGroupRule, server } from './test-vm.js';
import { ikePolicy, ipsecPolicy, localEndpointGroup, peerEndpointGroup } from './vpn.js';
import { vpnService } from './vpn-service.js';

const ALL: { readonly [K in ResourceKind]: Kind<K> } = {
  network,
  subnet,
  router,
  externalGateway,
  routerInterface,
  ikePolicy,
  ipsecPolicy,
  vpnService,
  localEndpointGroup,
  peerEndpointGroup,
  siteConnection,
  securityGroup,
  securityGroupRule,
  port,
  server,
};

/** A kind by its name. Its verbs take the scope of a step of that same kind. */
export function kindOf(kind: ResourceKind): Kind {
  return ALL[kind] as unknown as Kind;
}
