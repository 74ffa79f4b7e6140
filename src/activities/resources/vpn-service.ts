/**
 * The VPN service: one a router, shared by every VPN over it. Its mark names owner and router, not a VPN.
 * The rule: an existing one is used, and never changed or replaced; ours is kept up, and goes when nothing uses it any more: "in use" is then no error.
 */
import type { VpnService } from '../../openstack/types.js';
import { isInUse, later, refuse } from '../failures.js';
import { type Found, type Kind, need, type StepScope } from '../kind.js';
import { formatMark, type Mark, parseMark } from '../mark.js';
import { foundOf, neutronKind } from './neutron-kind.js';

const base = neutronKind({
  kind: 'vpnService',
  collection: 'vpnServices',
  body: () => ({}),
  updatable: ['admin_state_up'],
  output: (service) => ({
    status: service.status,
    parent: service.router_id,
    ...(service.external_v4_ip === null ? {} : { address: service.external_v4_ip }),
  }),
  isReferenced: async (found, scope) =>
    (await siteConnections(scope)).some((connection) => connection.vpnservice_id === found.id),
});

function siteConnections({ region, attempt }: Pick<StepScope, 'region' | 'attempt'>) {
  return attempt.read((call) => region.list('siteConnections', call));
}

/** The step field in a service's mark. */
export function serviceStep(routerId: string): string {
  return `router:${routerId}`;
}

export const vpnService: Kind<'vpnService'> = {
  ...base,
  sharedByVpns: true,
  async find(scope) {
    const routerId = need(scope, 'router').id;
    const all = await scope.attempt.read((call) => scope.region.list('vpnServices', call));
    return all.filter((service) => service.router_id === routerId).map(foundOf);
  },
  async create(scope) {
    const routerId = need(scope, 'router').id;
    const description = formatMark({ owner: scope.site.owner, step: serviceStep(routerId), run: scope.run });
    const made = foundOf(
      await scope.attempt.write((call) =>
        scope.region.create(
          'vpnServices',
          { name: scope.step.name, router_id: routerId, admin_state_up: true, description },
          call,
        ),
      ),
    );
    return oneOfThem(made, scope);
  },
  async update(found, fields, scope) {
    if (fields.admin_state_up === false) {
      // Set back to down only where no other VPN has come to need it meanwhile.
      const connections = (await siteConnections(scope)).filter((one) => one.vpnservice_id === found.id);
      if (connections.some((one) => parseMark(one.description)?.vpn !== scope.vpn)) return found;
    }
    return base.update(found, fields, scope);
  },
  differs(found, scope) {
    const service = found.fields as unknown as VpnService;
    if (service.subnet_id === null) return mayBeSetUp(service, found.mark, scope.site.owner) ? [SET_UP] : [];
    throw refuse(
      'SpecConflict',
      `router ${service.router_id} in ${scope.region.name} has the VPN service ${found.name} (${found.id}) with a subnet. Such a service takes no endpoint groups: the cloud would answer "Missing peer CIDRs for IPsec site-to-site connection". Use another router, or remove that service`,
    );
  },
};

/** One of ours that is down: someone has set it down, or an attempt was lost between down and up (`nudge.ts`). */
const SET_UP = { field: 'admin_state_up', have: false, want: true, updatable: true, show: true } as const;

/** Whether a service is ours, down, and in a state in which the API lets it be changed. */
export function mayBeSetUp(service: VpnService, mark: Mark | undefined, owner: string): boolean {
  return service.admin_state_up === false && mark?.owner === owner && !service.status.startsWith('PENDING');
}

/**
 * Several on one router, after a race or a late effect: the one that is in use stays, else the smallest id; those of ours that nothing uses go. Every
 * racer looks after its own POST, so at least one of them sees all.
 */
async function oneOfThem(made: Found, scope: StepScope<'vpnService'>): Promise<Found> {
  const all = [...(await vpnService.find(scope))].sort((a, b) => a.id.localeCompare(b.id));
  const used: string[] = [];
  for (const one of all) if (await base.isReferenced(one, scope)) used.push(one.id);
  const stays = all.find((one) => used.includes(one.id)) ?? all[0];
  if (stays === undefined) return made;
  for (const one of all) {
    const ours = one.mark?.owner === scope.site.owner;
    if (one.id === stays.id || used.includes(one.id) || !ours) continue;
    try {
      await base.remove(one, scope);
    } catch (error) {
      // Taken into use since: the next attempt finds it so, and chooses anew.
      if (!isInUse(error)) throw error;
      throw later(
        'CloudUnavailable',
        `VPN service ${one.name} (${one.id}) came into use while a double of it was to go`,
      );
    }
  }
  return stays;
}
