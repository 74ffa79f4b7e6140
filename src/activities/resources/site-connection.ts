/**
 * The IPsec site connection of one end. It names the other side's VPN service address, which may differ from its router's, and holds the PSK.
 * The rule: the PSK is derived or read here, sent, compared, and goes nowhere else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { KINDS } from '../../graph/kinds.js';
import { partsAt } from '../../graph/step-keys.js';
import type { StepOutput } from '../../graph/types.js';
import { OpenStackError } from '../../openstack/errors.js';
import type { PskSource } from '../../spec/types.js';
import { ensureKind } from '../ensure-kind.js';
import { isGone, later, orGone, refuse } from '../failures.js';
import { type Difference, type Found, type Kind, need, type StepScope } from '../kind.js';
import { formatMark, type Mark } from '../mark.js';
import { foundOf, neutronKind } from './neutron-kind.js';
import { vpnService } from './vpn-service.js';

type Scope = StepScope<'siteConnection'>;

const base = neutronKind({
  kind: 'siteConnection',
  collection: 'siteConnections',
  body: (scope) => {
    const { options } = scope.step.want;
    const peer = peerOf(scope);
    return {
      name: scope.step.name,
      vpnservice_id: need(scope, 'vpnService').id,
      ikepolicy_id: need(scope, 'ikePolicy').id,
      ipsecpolicy_id: need(scope, 'ipsecPolicy').id,
      local_ep_group_id: need(scope, 'localEndpointGroup').id,
      peer_ep_group_id: need(scope, 'peerEndpointGroup').id,
      peer_address: peer.address,
      peer_id: peer.id,
      dpd: { action: options.dpd.action, interval: options.dpd.intervalSeconds, timeout: options.dpd.timeoutSeconds },
      mtu: options.mtu,
      initiator: options.initiator,
      admin_state_up: true,
      psk: pskOf(scope),
    };
  },
  updatable: [
    'name',
    'peer_address',
    'peer_id',
    'dpd',
    'mtu',
    'initiator',
    'admin_state_up',
    'psk',
    'local_ep_group_id',
    'peer_ep_group_id',
  ],
  secret: ['psk'],
  output: (connection) => ({ status: connection.status, parent: connection.vpnservice_id }),
});

export const siteConnection: Kind<'siteConnection'> = {
  ...base,
  async create(scope) {
    await untilPlugged(scope);
    const service = await serviceNow(scope);
    const renewed: Scope = { ...scope, outputs: { ...scope.outputs, [`${scope.step.site}/vpnService`]: service } };
    const description = formatMark({
      owner: scope.site.owner,
      vpn: scope.vpn,
      step: scope.step.key,
      run: scope.run,
      ...pinsOf(scope),
    });
    const body = { ...bodyOf(renewed), description };
    try {
      return foundOf(await scope.attempt.write((call) => scope.region.create('siteConnections', body, call)));
    } catch (error) {
      await explainVanished(error, service.id, scope);
      throw error;
    }
  },
  mustBeMakeable: bodyOf,
  differs(found, scope) {
    return [...otherForm(found, scope), ...base.differs(found, scope)].filter(
      (difference) => difference.field !== 'psk' || !sameSecret(difference.have, difference.want),
    );
  },
};

/** Longest wait for it, as a part of an attempt's time: some networks never call such a port ACTIVE. */
const PLUGGED_WITHIN = 1 / 5;

/**
 * Waits for the router's legs in created subnets to be plugged. An agent starts a router's IKE daemon with its first connection; before a leg is
 * there the daemon finds no address of its own in the subnet and cannot install the tunnel's policies, and an agent that sees no tunnel then does not
 * report the connection until its router is updated (seen with neutron-vpnaas 21: PENDING_CREATE for minutes, no packet through).
 */
async function untilPlugged({ site, outputs, region, attempt, worker }: Scope): Promise<void> {
  const legs = partsAt(outputs, site.site, 'routerInterface');
  if (legs.length === 0) return;
  const isPlugged = async ({ output }: (typeof legs)[number]) => {
    const port = await orGone(attempt.read((call) => region.show('ports', output.id, call)));
    return port === undefined || port.status === 'ACTIVE';
  };
  await attempt.untilOrFor(worker.timing.attemptMs * PLUGGED_WITHIN, async () =>
    (await Promise.all(legs.map(isPlugged))).every(Boolean),
  );
}

/**
 * The router's service, looked up again on every attempt, since another VPN's rollback may have removed the one that was there. Where no list shows any,
 * it may lag behind: then the one that the step has made is named all the same, and its cloud says whether it is gone.
 */
async function serviceNow(scope: Scope): Promise<StepOutput> {
  const known = await vpnService.find(serviceScope(scope));
  return known.length === 0 ? need(scope, 'vpnService') : ensureKind(vpnService, serviceScope(scope), known);
}

/** Collection and field of what a connection refers to besides its service. */
const PARTS = [
  ['ikePolicies', 'ikePolicy'],
  ['ipsecPolicies', 'ipsecPolicy'],
  ['endpointGroups', 'localEndpointGroup'],
  ['endpointGroups', 'peerEndpointGroup'],
] as const;

/**
 * Someone may have removed what the connection refers to, which Neutron answers with 404 or, as if it were its own fault, with 500. A vanished
 * service is made anew, for the next try; another part no try can bring back.
 */
async function explainVanished(error: unknown, serviceId: string, scope: Scope): Promise<void> {
  const misleading = error instanceof OpenStackError && (error.fields.status === 500 || isGone(error));
  if (!misleading) return;
  const services = await vpnService.find(serviceScope(scope));
  if (!services.some((one) => one.id === serviceId)) {
    const { id } = await ensureKind(vpnService, serviceScope(scope), services);
    throw later(
      'CloudUnavailable',
      `VPN service ${serviceId} was removed before its connection stood; ${id} takes its place`,
    );
  }
  for (const [collection, kind] of PARTS) {
    const { id, name } = need(scope, kind);
    const all = await scope.attempt.read((call) => scope.region.list(collection, call));
    if (all.some((one) => one.id === id)) continue;
    throw refuse(
      'CloudRefused',
      `${KINDS[kind].noun} ${name} (${id}), which it refers to, was removed by someone while the run went on. Apply again to make it anew`,
    );
  }
}

function bodyOf(scope: Scope): Record<string, unknown> {
  const nothing = { id: '', name: '', mark: undefined, fields: {} };
  return Object.fromEntries(base.differs(nothing, scope).map(({ field, want }) => [field, want]));
}

/** The scope of the service's own step at this end, from what a connection's step knows. */
function serviceScope(scope: Scope): StepScope<'vpnService'> {
  const { site } = scope.step;
  const { name, parent } = need(scope, 'vpnService');
  const key = `${site}/vpnService`;
  const router = { id: parent ?? '', name: '', action: 'existing' } as const;
  return {
    ...scope,
    step: { key, kind: 'vpnService', site, name, want: {}, needs: [], title: name, temporary: false },
    outputs: { ...scope.outputs, [`${site}/router`]: router },
  };
}

/** What a connection's mark has besides the others': what its PSK derives from, and whether its other end is ours. */
function pinsOf({ step, link }: Scope): Pick<Mark, 'nonce' | 'key' | 'peer'> {
  const { psk, external } = step.want;
  return {
    ...(psk.from === 'generated' && link !== undefined ? { nonce: link.nonce, key: link.keyId } : {}),
    ...(external === undefined ? {} : { peer: 'external' }),
  };
}

/** A site that has become external, or is it no more, would leave resources of its other form behind. */
function otherForm({ mark }: Found, { step }: Scope): readonly Difference[] {
  const have = formOf(mark?.peer === 'external');
  const want = formOf(step.want.external !== undefined);
  return have === want ? [] : [{ field: `site ${step.peer}`, have, want, updatable: false, show: true }];
}

function formOf(external: boolean): string {
  return external ? 'external' : 'OpenStack';
}

/** Where the other end is, and how it presents itself: as the spec says, or as the other site's VPN service is. */
function peerOf(scope: Scope): { readonly address: string; readonly id: string } {
  const { external } = scope.step.want;
  if (external !== undefined) return external;
  const service = need(scope, 'vpnService', scope.step.peer);
  if (service.address === undefined) {
    throw refuse(
      'CloudNotSuitable',
      `the VPN service ${service.name} (${service.id}) of ${scope.step.peer} has no external IPv4 address; its router needs a gateway on a network with IPv4`,
    );
  }
  return { address: service.address, id: service.address };
}

/** The PSK of a link, from the worker's master key or from where the user keeps it. */
export function pskOf(scope: Pick<Scope, 'step' | 'link' | 'vpn' | 'site' | 'worker'>): string {
  const { psk } = scope.step.want;
  if (psk.from !== 'generated') return ownPsk(psk, scope.worker.env);
  const { nonce, keyId } = scope.link ?? { nonce: '', keyId: '' };
  const derived = scope.worker.keys.psk(keyId, {
    owner: scope.site.owner,
    vpn: scope.vpn,
    link: scope.step.link ?? '',
    nonce,
  });
  if (derived !== undefined) return derived;
  throw refuse(
    'WorkerMismatch',
    `this worker's key ring has no master key ${keyId}, which the PSK of ${scope.step.link} derives from; nothing was changed. Add that key to its ring`,
  );
}

/** A user's own PSK. Fails `CloudNotSuitable` naming the variable or file, never the value. */
export function ownPsk(
  source: Exclude<PskSource, { from: 'generated' }>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const where = source.from === 'env' ? `variable ${source.name}` : `file ${source.path}`;
  let value: string | undefined;
  try {
    value = source.from === 'env' ? env[source.name] : readFileSync(source.path, 'utf8').trim();
  } catch {
    value = undefined;
  }
  if (value === undefined || value === '')
    throw refuse('CloudNotSuitable', `the PSK's ${where} is empty or missing on the worker`);
  if (value.length < 8 || value.length > 255)
    throw refuse('CloudNotSuitable', `the PSK in ${where} has ${value.length} characters; 8 to 255 are possible`);
  return value;
}

function sameSecret(have: unknown, want: unknown): boolean {
  const digest = (value: unknown) => createHmac('sha256', 'compare').update(String(value)).digest();
  return timingSafeEqual(digest(have), digest(want));
}
