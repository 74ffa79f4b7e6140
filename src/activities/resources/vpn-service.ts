/**
 * The VPN service: one a router, shared by every VPN over it. Its mark names owner and router, and
 * the VPN that it was made for, by which a destroy finds it where nothing else is left of that one.
 * With a subnet it takes connections of the older way alone, without one those with endpoint groups alone, and which of the two can never be changed.
 * The rule: an existing one is used, and never changed or replaced; ours is kept up, and goes when nothing uses it any more: "in use" is then no error, and
 * where the VPN that it was made for goes first, it is one's that stays.
 */
import type { VpnService } from '../../openstack/types.js';
import { isInUse, later, orGone, refuse } from '../failures.js';
import { type Found, type Kind, need, type StepScope } from '../kind.js';
import { formatMark, type Mark, parseMark } from '../mark.js';
import { nameAndId } from '../one-of.js';
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
  isReferenced: async (found, scope) => (await usersOf(found, scope)).length > 0,
});

/** The connections that use a service. */
async function usersOf({ id }: Found, { region, attempt }: Pick<StepScope, 'region' | 'attempt'>) {
  const connections = await attempt.read((call) => region.list('siteConnections', call));
  return connections.filter((connection) => connection.vpnservice_id === id);
}

type Scope = StepScope<'vpnService'>;

/** The step field in a service's mark. */
export function serviceStep(routerId: string): string {
  return `router:${routerId}`;
}

export const vpnService: Kind<'vpnService'> = {
  ...base,
  async usedByOthers(found, { vpn, site, ...scope }) {
    const marks = (await usersOf(found, scope)).map(({ description }) => parseMark(description));
    return marks.some((mark) => mark?.owner !== site.owner || mark.vpn !== vpn);
  },
  async find(scope) {
    const routerId = need(scope, 'router').id;
    const all = await scope.attempt.read((call) => scope.region.list('vpnServices', call));
    return all.filter((service) => service.router_id === routerId).map(foundOf);
  },
  async show(id, scope) {
    const service = await orGone(scope.attempt.read((call) => scope.region.show('vpnServices', id, call)));
    return service?.router_id === need(scope, 'router').id ? foundOf(service) : undefined;
  },
  async create(scope) {
    const routerId = need(scope, 'router').id;
    const description = formatMark({
      owner: scope.site.owner,
      vpn: scope.vpn,
      step: serviceStep(routerId),
      run: scope.run,
    });
    const made = foundOf(
      await scope.attempt.write((call) =>
        scope.region.create(
          'vpnServices',
          { name: scope.step.name, router_id: routerId, ...subnetOf(scope), admin_state_up: true, description },
          call,
        ),
      ),
    );
    return oneOfThem(made, scope);
  },
  async handOver(found, scope) {
    const { mark } = found;
    if (mark?.owner !== scope.site.owner || mark.vpn !== scope.vpn) return false;
    const marks = (await usersOf(found, scope)).map(({ description }) => parseMark(description));
    const heir = marks.find((one) => one?.owner === mark.owner && one.vpn !== undefined && one.vpn !== scope.vpn);
    if (heir?.vpn === undefined) return false;
    const description = formatMark({ ...mark, vpn: heir.vpn, run: heir.run });
    await scope.attempt.write((call) => scope.region.update('vpnServices', found.id, { description }, call));
    return true;
  },
  async update(found, fields, scope) {
    if (fields.admin_state_up === false) {
      // Set back to down only where no other VPN has come to need it meanwhile.
      const connections = await usersOf(found, scope);
      if (connections.some((one) => parseMark(one.description)?.vpn !== scope.vpn)) return found;
    }
    return base.update(found, fields, scope);
  },
  differs(found, scope) {
    const service = found.fields as unknown as VpnService;
    const misfit = misfitOf(service, scope);
    if (misfit === undefined) return mayBeSetUp(service, found.mark, scope.site.owner) ? [SET_UP] : [];
    const ours = found.mark?.owner === scope.site.owner;
    throw refuse(
      'SpecConflict',
      `router ${service.router_id} in ${scope.region.name} has the VPN service ${nameAndId(found)} ${misfit}, or use another router. A router has one VPN service, and none can be changed in this: ${ours ? 'destroy the VPNs that use it first; where none does, regionlink sweep removes it' : 'it would have to be removed first'}`,
    );
  },
  async mustBeClear(found, scope) {
    const isOurs = ({ mark }: Found) => mark?.owner === scope.site.owner;
    const others = found.filter((one) => !isOurs(one));
    if (found.length < 2 || others.length === 0) return;
    const all = await Promise.all(found.map(async (one) => ({ one, users: await usersOf(one, scope) })));
    const inUse = all.filter(({ users }) => users.length > 0).map(({ one }) => one);
    // One of ours that nothing uses gives way, as one of others' does to one of ours that is in use.
    if (others.length === 1 && !(inUse.some(isOurs) && inUse.some((one) => !isOurs(one)))) return;
    const listed = all.map(({ one, users }) => `${nameAndId(one)}, used by ${users.length || 'no'} connections`);
    throw refuse(
      'SpecConflict',
      `router ${need(scope, 'router').id} in ${scope.region.name} has ${found.length} VPN services, and it is not clear which to use: ${listed.join('; ')}. Their agent keeps one configuration a router, so they overwrite each other's. Remove all but one: openstack vpn service delete ID; or use another router`,
    );
  },
};

/** What a POST says of the subnet: only a service for the older way has one. */
function subnetOf(scope: Scope): { readonly subnet_id?: string } {
  return scope.step.want.mode === 'legacy' ? { subnet_id: need(scope, 'subnet').id } : {};
}

/** Why a service cannot take a connection of the way that is wanted, and what to say instead; undefined where it can. */
function misfitOf({ subnet_id: own }: VpnService, scope: Scope): string | undefined {
  const legacy = scope.step.want.mode === 'legacy';
  if (own === null)
    return legacy
      ? 'without a subnet. Such a service takes endpoint groups alone: the cloud would answer "Peer CIDRs cannot be specified, when using endpoint groups". Leave mode out, or say mode: endpoint-groups'
      : undefined;
  const only = `with the subnet ${own}, which it joins, and no other, with one range of the peer`;
  if (!legacy)
    return `${only}. Such a service takes no endpoint groups: the cloud would answer "Missing peer CIDRs for IPsec site-to-site connection". Let the spec have that one subnet, one at the peer, and mode: legacy or none`;
  const { id, name } = need(scope, 'subnet');
  return id === own ? undefined : `${only}; the spec has the subnet ${name} (${id}). Name that one`;
}

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
async function oneOfThem(made: Found, scope: Scope): Promise<Found> {
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
