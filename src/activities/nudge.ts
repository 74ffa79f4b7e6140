/**
 * What is tried while a tunnel does not come up, in order of harm: first an update of each router that changes nothing, at which its agents look again
 * (Neutron notifies the L3 agent of every PUT, and its VPN extension then syncs the router), very soon where an agent has lost a connection and else after
 * some time; later the VPN service set down and up again, at which its daemon starts anew. Before both, all the time, comes traffic: the test VMs' pings
 * bring up what strongSwan would leave idle.
 * The rules: a service is touched only where it is ours and no other connection uses it; it is never left down, by down and up as one pair, by a look of
 * the next attempt, and by the undo; what was tried, and what was not and why, is told.
 */
import { activityInfo } from '@temporalio/activity';
import { OpenStackError } from '../openstack/errors.js';
import type { Region } from '../openstack/region.js';
import type { Router, SiteConnection, VpnService } from '../openstack/types.js';
import type { LinkInput, Nudge, Nudging, SitePins, Timing } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { orGone } from './failures.js';
import { parseMark } from './mark.js';
import { readConnections, UNSEEN } from './read-ends.js';
import { mayBeSetUp, serviceStep } from './resources/vpn-service.js';
import type { WorkerContext } from './worker-context.js';

/** When each is due, as a part of the time that the act has: an agent needs up to two minutes by itself, and what comes after a nudge as long again. */
const DUE = { lost: 1 / 40, router: 1 / 4, service: 1 / 2 } as const;

/** Longest wait, as a part of that time, for the agent to say that it has seen the service down. Set up before, it would notice nothing. */
const DOWN_FOR = 1 / 10;

/** What an act's attempts may write within: they last as long as the act waits, and a call's time longer. */
export function nudgingTime({ timing, timeoutMs }: LinkInput): Timing {
  return { ...timing, attemptMs: timing.attemptMs + timeoutMs };
}

/** An end as a nudge needs it. */
interface Place {
  readonly site: SitePins;
  readonly region: Region;
  readonly router: Router;
  readonly service: VpnService;
  readonly own: SiteConnection;
  /** What its daemon carries beside it: connections over the same router, which has one daemon for all of its services. */
  readonly others: readonly SiteConnection[];
}

export class Nudger {
  /** No connection is pending any more, and none comes to be so again by itself. */
  private taken = false;

  private constructor(
    private readonly input: LinkInput,
    private readonly worker: WorkerContext,
    private readonly attempt: Attempt,
  ) {}

  /** For one attempt of an act. What a lost attempt may have left down is set up first. */
  static async start(input: LinkInput, worker: WorkerContext, attempt: Attempt): Promise<Nudger> {
    const nudger = new Nudger(input, worker, attempt);
    if (activityInfo().attempt > 1) await nudger.setUpAgain();
    return nudger;
  }

  /**
   * An agent reports a service together with its connections. One that has reported the service and left a connection pending has lost it, and finds it
   * when its router is updated. Called once a turn of the waiting loop with the statuses of both ends, as soon as they are known.
   */
  async remind(statuses: () => Promise<Readonly<Record<string, string>>>): Promise<void> {
    if (this.taken || !this.isDue('lost')) return;
    const now = Object.values(await statuses());
    this.taken = now.every((status) => status !== UNSEEN && !isPending(status));
    if (!now.some(isPending)) return;
    const reminded = this.attempt.nudges.filter(({ kind }) => kind === 'lost').map(({ site }) => site);
    const lost = (await this.places()).filter(
      ({ site, own, service }) => isPending(own.status) && !isPending(service.status) && !reminded.includes(site.site),
    );
    if (lost.length > 0) await this.nudge('lost', updateRouter, lost);
  }

  /** Called once a turn of the waiting loop, while nothing passes through the tunnel: does what is due. */
  async turn(): Promise<void> {
    if (this.attempt.doubtAt !== undefined) await this.setUpAgain();
    const router = this.made('router');
    if (router === undefined) {
      if (this.isDue('router')) await this.nudge('router', updateRouter, await this.places());
      return;
    }
    // An act that was held up for long has both due at once: what follows the first is awaited all the same.
    const waited = Date.now() - router.at >= (this.input.timeoutMs * DUE.router) / 2;
    if (this.isDue('service') && waited && this.made('service') === undefined)
      await this.nudge('service', (place) => this.restartService(place), await this.places());
  }

  /** For the act's result. */
  get output(): Nudging {
    const { nudges, doubtAt } = this.attempt;
    return {
      ...(nudges.length === 0 ? {} : { nudges: nudges.map((nudge) => nudge.said) }),
      ...(doubtAt === undefined || !this.isDue('service') ? {} : { doubtAt }),
    };
  }

  /** For the act's failure: what was tried, or nothing. */
  get told(): string {
    const { nudges } = this.attempt;
    return nudges.length === 0 ? '' : `Tried meanwhile: ${nudges.map((nudge) => nudge.said).join('; ')}. `;
  }

  private isDue(kind: Nudge['kind']): boolean {
    return this.elapsedMs() >= this.input.timeoutMs * DUE[kind];
  }

  private made(kind: Nudge['kind']): Nudge | undefined {
    return this.attempt.nudges.find((nudge) => nudge.kind === kind);
  }

  /** Since the act was first scheduled, as its deadline counts. */
  private elapsedMs(): number {
    return Date.now() - activityInfo().scheduledTimestampMs;
  }

  /** Both ends at once, and none is left in the middle when the other fails. */
  private async nudge(
    kind: Nudge['kind'],
    act: (place: Place, attempt: Attempt) => Promise<string>,
    places: readonly Place[],
  ): Promise<void> {
    const after = `after ${Math.round(this.elapsedMs() / 1000)} s`;
    const ends = await Promise.allSettled(
      places.map(async (place) => {
        const said = `${after}: ${await act(place, this.attempt)}`;
        const { site } = place.site;
        this.attempt.nudges = [...this.attempt.nudges, { kind, site, at: Date.now(), said }];
      }),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Down until its agent has seen it, and up. Resolves to what was done, or why it was not. */
  private async restartService({ site, region, router, service, others }: Place): Promise<string> {
    const name = `VPN service ${service.name} (${service.id}) of ${site.site}`;
    const obstacle = obstacleTo({ site, router, service, others });
    if (obstacle !== undefined) return `${name} was left as it is: ${obstacle}`;
    const { attempt } = this;
    const put = (up: boolean) => (call: Parameters<Parameters<Attempt['write']>[0]>[0]) =>
      region.update('vpnServices', service.id, { admin_state_up: up }, call);
    let isDown = false;
    try {
      await attempt.pair(
        put(false),
        async () => {
          isDown = true;
          await this.seenDown(region, service);
        },
        put(true),
      );
    } catch (error) {
      if (isDown || !(error instanceof OpenStackError)) throw error;
      return `${name} could not be set down: ${error.message}`;
    }
    return `${name} was set down and up again`;
  }

  private async seenDown(region: Region, { id, status }: VpnService): Promise<void> {
    await this.attempt.untilOrFor(this.input.timeoutMs * DOWN_FOR, async () => {
      const now = await this.attempt.read((call) => region.show('vpnServices', id, call));
      // One that was DOWN before tells nothing.
      return status !== 'DOWN' && now.status === 'DOWN';
    });
  }

  /** Sets up what a lost attempt, or a write of unknown effect, may have left down. Before a service is due, nothing can have. */
  private async setUpAgain(): Promise<void> {
    if (!this.isDue('service')) return;
    for (const { site, region, service } of await this.places()) {
      if (!mayBeSetUp(service, parseMark(service.description), site.owner)) continue;
      await this.attempt.write((call) => region.update('vpnServices', service.id, { admin_state_up: true }, call));
    }
  }

  /** Ends of which all parts stand. */
  private async places(): Promise<readonly Place[]> {
    const { input, worker, attempt } = this;
    const ends = await Promise.all(
      input.sites.map(async (site) => {
        const region = await worker.open(site, attempt);
        const { own, others } = await readConnections(site, input, region, attempt);
        if (own === undefined) return undefined;
        const service = await orGone(attempt.read((call) => region.show('vpnServices', own.vpnservice_id, call)));
        if (service === undefined) return undefined;
        const router = await orGone(attempt.read((call) => region.show('routers', service.router_id, call)));
        if (router === undefined) return undefined;
        const services = await attempt.read((call) => region.list('vpnServices', call));
        const beside = [service, ...services.filter(({ router_id }) => router_id === router.id)].map(({ id }) => id);
        const ofDaemon = others.filter(({ vpnservice_id }) => beside.includes(vpnservice_id));
        return { site, region, service, router, own, others: ofDaemon };
      }),
    );
    return ends.filter((place) => place !== undefined);
  }
}

/** The name that it has: an update that every policy allows and nobody sees, and that is an update all the same. */
async function updateRouter({ site, region, router }: Place, attempt: Attempt): Promise<string> {
  const name = `router ${router.name} (${router.id}) of ${site.site}`;
  const { doubtAt } = attempt;
  try {
    await attempt.write((call) => region.update('routers', router.id, { name: router.name }, call));
    return `${name} was updated without a change, at which its agents look again`;
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return `${name} could not be updated: ${error.message}`;
  } finally {
    // However late it lands, it changes nothing.
    attempt.doubtAt = doubtAt;
  }
}

function isPending(status: string): boolean {
  return status.startsWith('PENDING');
}

/** Why a service may not be interrupted. */
function obstacleTo({ site, router, service, others }: Omit<Place, 'region' | 'own'>): string | undefined {
  const mark = parseMark(service.description);
  if (mark?.owner !== site.owner || mark.step !== serviceStep(router.id)) return 'it is not ours';
  if (others.length > 0) return 'other connections use its router';
  if (service.admin_state_up === false) return 'it is set down already';
  if (isPending(service.status)) return `it is ${service.status}, in which it cannot be changed`;
  return undefined;
}
