/** Every kind by name. The one list that activities, resolve, destroy and settle go by. */
import type { ResourceKind } from '../../graph/types.js';
import type { Kind } from '../kind.js';
import { externalGateway } from './external-gateway.js';
import { floatingIp } from './floating-ip.js';
import { ikePolicy } from './ike-policy.js';
import { ipsecPolicy } from './ipsec-policy.js';
import { localEndpointGroup } from './local-endpoint-group.js';
import { network } from './network.js';
import { peerEndpointGroup } from './peer-endpoint-group.js';
import { port } from './port.js';
import { router } from './router.js';
import { routerInterface } from './router-interface.js';
import { securityGroup } from './security-group.js';
import { securityGroupRule, sshRule } from './security-group-rule.js';
import { server } from './server.js';
import { siteConnection } from './site-connection.js';
import { subnet } from './subnet.js';
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
  sshRule,
  port,
  server,
  floatingIp,
};

/** A kind by its name. Its verbs take the scope of a step of that same kind. */
export function kindOf(kind: ResourceKind): Kind {
  return ALL[kind] as unknown as Kind;
}
