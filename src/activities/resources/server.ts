/**
 * The test VM of a site's subnet: pings its peers, or lets the check log in to have it do so, and goes away once that is proven.
 * The rule: it has no path to its peer but the tunnel: one port, and what is pinged is the peer's own address. A floating IP leads to one of the two only.
 */
import { Buffer } from 'node:buffer';
import type { Server } from '../../openstack/types.js';
import { checkScript, loginScript, nameOfVm } from '../check-script.js';
import { later, orGone } from '../failures.js';
import { type Found, isOfStep, type Kind, markOf, need, needAll, type StepScope } from '../kind.js';
import { parseMark, SERVER_MARK } from '../mark.js';
import { sshKeyOf } from '../ssh-key.js';

export const server: Kind<'server'> = {
  kind: 'server',
  restorable: [],
  async find(scope) {
    const all = await this.inventory(scope.region, scope.attempt);
    return all.filter((found) => isOfStep(found, scope));
  },
  async show(id, scope) {
    const one = await orGone(scope.attempt.read((call) => scope.region.showServer(id, call)));
    const found = one === undefined ? undefined : foundOf(one);
    return isOfStep(found, scope) ? found : undefined;
  },
  async inventory(region, attempt) {
    const all = await attempt.read((call) => region.listServers(call));
    return all.filter((one) => parseMark(one.metadata[SERVER_MARK]) !== undefined).map(foundOf);
  },
  async create(scope) {
    const { image, flavor } = scope.step.want;
    const { id } = await scope.attempt.write((call) =>
      scope.region.createServer(
        {
          name: scope.step.name,
          imageRef: image,
          flavorRef: flavor,
          networks: [{ port: need(scope, 'port').id }],
          config_drive: true,
          user_data: Buffer.from(scriptOf(scope)).toString('base64'),
          metadata: { [SERVER_MARK]: markOf(scope) },
        },
        call,
      ),
    );
    return { ...(await untilBuilt(id, scope)), mark: parseMark(markOf(scope)) };
  },
  differs: () => [],
  async update(found) {
    return found;
  },
  isReferenced: async () => false,
  async remove(found, { region, attempt }) {
    await orGone(attempt.write((call) => region.removeServer(found.id, call)));
    // Its port may go only after it: while Nova unbinds it, it is still in use.
    await attempt.until(async () => {
      const standing = await orGone(attempt.read((call) => region.showServer(found.id, call)));
      return standing === undefined ? 'gone' : undefined;
    });
  },
  output: (_, { step }) => (step.want.login === undefined ? {} : { login: step.want.login }),
};

function scriptOf(scope: StepScope<'server'>): string {
  const { peers, login } = scope.step.want;
  const about = { nonce: scope.run, site: scope.step.site };
  if (login !== undefined) return loginScript({ ...about, user: login, publicKey: sshKeyOf(scope).publicKey });
  return checkScript({
    ...about,
    peers: peers.flatMap((peer) =>
      needAll(scope, 'port', peer).map(({ part, output }) => ({
        name: nameOfVm(peer, part),
        address: output.address ?? '',
      })),
    ),
  });
}

function foundOf(resource: Server): Found {
  return {
    id: resource.id,
    name: resource.name,
    mark: parseMark(resource.metadata[SERVER_MARK]),
    status: resource.status,
    fields: {},
  };
}

/** Waits for ACTIVE. A server in ERROR is removed by the next attempt, and made again. */
async function untilBuilt(id: string, { region, attempt }: Pick<StepScope, 'region' | 'attempt'>): Promise<Found> {
  return attempt.until(async () => {
    const resource = await attempt.read((call) => region.showServer(id, call));
    if (resource.status === 'ACTIVE') return foundOf(resource);
    if (resource.status !== 'ERROR') return undefined;
    throw later(
      'CloudUnavailable',
      `test VM ${resource.name} (${id}) in ${region.name} went to ERROR: ${resource.fault?.message ?? 'no reason given'}`,
    );
  });
}
