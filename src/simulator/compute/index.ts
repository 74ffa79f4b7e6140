/**
 * Nova v2.1 over HTTP: versions, and which handler answers which path.
 * The one rule: handlers are synchronous; what takes time (building, deleting) is a timer of server-life.ts.
 */
import { type Answer, ApiError } from '../errors.js';
import { type CallContext, newId, type RegionState } from '../state.js';
import { itemNotFound } from './errors.js';
import { handleFlavors } from './flavors.js';
import type { GuestHost } from './guest-host.js';
import { furnishImages } from './images.js';
import { handleKeypairs } from './keypairs.js';
import { MAXIMUM, MINIMUM, requestedVersion, versionHeaders } from './microversion.js';
import { handleLimits, handleQuotaSets } from './quotas.js';
import type { ComputeRequest, NovaCall } from './request.js';
import { ServerLife } from './server-life.js';
import { Servers } from './servers.js';

export { handleImages } from './images.js';

export class Compute {
  readonly #servers: Servers;
  readonly #life: ServerLife;

  constructor(guests: GuestHost) {
    this.#life = new ServerLife(guests);
    this.#servers = new Servers(this.#life);
  }

  /** Answers one call to Nova. Throws ApiError for every refusal. */
  handle(request: ComputeRequest, context: CallContext): Answer {
    const [root, ...parts] = request.path.split('/').filter(Boolean);
    if (root === undefined) return { status: 200, body: { versions: versions(context) } };
    if (root !== 'v2.1' && root !== 'v2') throw itemNotFound('The resource could not be found.');
    const version = root === 'v2' ? MINIMUM : requestedVersion(request.headers);
    const headers = versionHeaders(version);
    try {
      const { method, query, body } = request;
      const answer = this.#route({ method, parts, query, body, version, context });
      return { ...answer, headers: { ...headers, ...answer.headers } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new ApiError({
        ...error.answer,
        headers: { ...headers, 'Content-Type': 'application/json; charset=UTF-8', ...error.answer.headers },
      });
    }
  }

  /** Stops all guests and timers. */
  stop(): void {
    this.#life.stopAll();
  }

  #route(call: NovaCall): Answer {
    switch (call.parts[0]) {
      case undefined:
        return { status: 200, body: { version: { ...versions(call.context)[1], 'media-types': MEDIA_TYPES } } };
      case 'servers':
        return this.#servers.handle(call);
      case 'flavors':
        return handleFlavors(call);
      case 'os-keypairs':
        return handleKeypairs(call);
      case 'limits':
        return handleLimits(call);
      case 'os-quota-sets':
        return handleQuotaSets(call);
      case 'os-availability-zone': {
        const zone = { zoneName: 'nova', zoneState: { available: true }, hosts: null };
        return { status: 200, body: { availabilityZoneInfo: [zone] } };
      }
      case 'os-server-groups':
        return { status: 200, body: { server_groups: [] } };
      case 'extensions':
        return { status: 200, body: { extensions: [] } };
      default:
        throw itemNotFound('The resource could not be found.');
    }
  }
}

const MEDIA_TYPES = [{ base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' }];

function versions({ base }: CallContext) {
  const entry = (id: string, status: string, version: string, min: string, updated: string, path: string) => ({
    id,
    status,
    version,
    min_version: min,
    updated,
    links: [{ rel: 'self', href: `${base}/${path}/` }],
  });
  return [
    entry('v2.0', 'SUPPORTED', '', '', '2011-01-21T11:33:21Z', 'v2'),
    entry('v2.1', 'CURRENT', `2.${MAXIMUM}`, `2.${MINIMUM}`, '2013-07-23T11:33:21Z', 'v2.1'),
  ];
}

/** Images and flavors that a region has from the start. @param owner project of the images */
export function furnishCompute(region: RegionState, owner: string): void {
  furnishImages(region, owner);
  for (const [name, vcpus, ram, disk] of [
    ['m1.nano', 1, 192, 1],
    ['m1.tiny', 1, 512, 1],
    ['m1.small', 1, 2048, 20],
    ['m1.medium', 2, 4096, 40],
  ] as const) {
    region.insert('flavor', {
      id: newId(),
      name,
      ram,
      disk,
      swap: '',
      'OS-FLV-EXT-DATA:ephemeral': 0,
      'OS-FLV-DISABLED:disabled': false,
      vcpus,
      'os-flavor-access:is_public': true,
      rxtx_factor: 1.0,
    });
  }
}
