/**
 * What a run must know of one site before it touches anything: who it is there, whether the cloud can do it, what is there already, and which image and
 * flavor the test VMs get.
 * The rule: it only reads, and tells every problem of the site at once, each with its cure.
 */
import { ApplicationFailure } from '@temporalio/common';
import { siteStepKey } from '../graph/step-keys.js';
import type { StepOutput } from '../graph/types.js';
import { CloudConfigError } from '../openstack/errors.js';
import type { Region } from '../openstack/region.js';
import { RememberingRegion } from '../openstack/remembering-region.js';
import type { Flavor, Image } from '../openstack/types.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import type { SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { type Answer, type Ask, ipv4Of, vpnExtensions } from './capabilities.js';
import { existingNetwork, type GivenNetwork } from './existing-network.js';
import { problemsIn, refuse } from './failures.js';
import { oneOf } from './one-of.js';
import { externalNetworkId } from './resources/external-gateway.js';
import type { WorkerContext } from './worker-context.js';

/** What a test VM runs, on what. */
export interface TestMachine {
  readonly image: Image;
  readonly flavor: Flavor;
}

export interface SiteLookUp {
  readonly pins: SitePins;
  readonly region: Region;
  readonly given: Readonly<Record<string, StepOutput>>;
  /** None without a check. */
  readonly machine?: TestMachine;
  /** Id of the network that a created router's gateway is to be on. */
  readonly externalNetwork?: string;
}

/** All sites at once, by key. Fails with the problems of all of them. */
export async function lookUpSites(
  spec: VpnSpec,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<Map<string, SiteLookUp>> {
  const results = await Promise.allSettled(spec.sites.map((site) => lookUpSite(site, spec, worker, attempt)));
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const final = spec.sites.flatMap(({ key }, index) => refusalOf(key, results[index]) ?? []);
  if (final.length > 0) throw refuse('CloudNotSuitable', final.join('\n'));
  if (failed.length > 0) throw failed[0];
  return new Map(
    results.flatMap((result) =>
      result.status === 'fulfilled' ? [[result.value.pins.site, result.value] as const] : [],
    ),
  );
}

/** What no retry mends, as the site's problem. */
function refusalOf(site: string, result: PromiseSettledResult<unknown> | undefined): string | undefined {
  if (result?.status !== 'rejected') return undefined;
  const error: unknown = result.reason;
  if (error instanceof CloudConfigError) return `site ${site}: ${error.message}`;
  return error instanceof ApplicationFailure && error.nonRetryable ? error.message : undefined;
}

async function lookUpSite(site: SiteSpec, spec: VpnSpec, worker: WorkerContext, attempt: Attempt): Promise<SiteLookUp> {
  const region = new RememberingRegion(worker.regions.session(worker.clouds.get(site.cloud, site.region)), site.region);
  const pins: SitePins = {
    site: site.key,
    ...(site.cloud === undefined ? {} : { cloud: site.cloud }),
    region: site.region,
    projectId: await attempt.read((call) => region.projectId(call)),
    networkEndpoint: await attempt.read((call) => region.networkEndpoint(call)),
    owner: worker.owner,
    keyId: worker.keys.currentId,
  };
  const problems: string[] = [];
  const collect = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      problems.push(...problemsIn(error.message));
      return undefined;
    }
  };
  const prefetched = attempt.read((call) => region.prefetch(call));
  const [, externalNetwork, given, machine] = await Promise.all([
    collect(checkExtensions(region, attempt)),
    collect(site.network.kind === 'created' ? checkExternalNetwork(site, region, attempt) : Promise.resolve(undefined)),
    collect(givenNetwork(site, region, attempt)),
    collect(spec.check.via === 'none' ? Promise.resolve(undefined) : chooseMachine(spec.check, region, attempt.read)),
  ]);
  await prefetched;
  problems.push(...(given?.problems ?? []));
  if (problems.length > 0)
    throw refuse('CloudNotSuitable', problems.map((problem) => `site ${site.key}: ${problem}`).join('\n'));
  return {
    pins,
    region,
    given: given?.given ?? {},
    ...(machine === undefined ? {} : { machine }),
    ...(externalNetwork === undefined ? {} : { externalNetwork }),
  };
}

async function checkExtensions(region: Region, attempt: Attempt): Promise<void> {
  refuseIfProblem(region, await vpnExtensions(region, attempt.read));
}

function refuseIfProblem(region: Region, answers: readonly Answer[]): void {
  const problem = answers.find(({ verdict }) => verdict === 'problem');
  if (problem !== undefined)
    throw refuse('CloudNotSuitable', `region ${region.name}: ${problem.said}; ${problem.cure ?? ''}`);
}

async function checkExternalNetwork(site: SiteSpec, region: Region, attempt: Attempt): Promise<string> {
  const step = {
    key: siteStepKey(site.key, 'externalGateway'),
    kind: 'externalGateway',
    want: { externalNetwork: site.externalNetwork },
    site: site.key,
    name: '',
    needs: [],
    title: '',
    temporary: false,
  } as const;
  const id = await externalNetworkId({ step, region, attempt });
  refuseIfProblem(region, await ipv4Of(id, region, attempt.read));
  return id;
}

/** What a spec names exists already: looked up, checked and never changed. */
async function givenNetwork(site: SiteSpec, region: Region, attempt: Attempt): Promise<GivenNetwork> {
  if (site.network.kind === 'created') return { given: {}, problems: [] };
  const [routers, subnets, ports] = await Promise.all([
    attempt.read((call) => region.list('routers', call)),
    attempt.read((call) => region.list('subnets', call)),
    attempt.read((call) => region.list('ports', call)),
  ]);
  return existingNetwork(site, site.network, { routers, subnets, ports }, region.name);
}

/** Parts of another image (a kernel, a RAM disk) and installers stand in the same list, and the smallest of all is often one of them. */
const NOT_BOOTED = new Set(['aki', 'ari', 'iso']);

function boots({ disk_format: disk, container_format: container }: Image): boolean {
  return !NOT_BOOTED.has(disk ?? '') && !NOT_BOOTED.has(container ?? '');
}

/** The named image and flavor, or the smallest that fit each other. Fails `CloudNotSuitable` where there is none. */
export async function chooseMachine(
  check: { readonly image?: string; readonly flavor?: string },
  region: Region,
  ask: Ask,
): Promise<TestMachine> {
  const [images, flavors] = await Promise.all([
    ask((call) => region.listImages(call)),
    ask((call) => region.listFlavors(call)),
  ]);
  const active = images.filter((image) => image.status === 'active' && boots(image));
  const smallest = [...active].sort((a, b) => (a.size ?? 0) - (b.size ?? 0))[0];
  const image = check.image === undefined ? smallest : oneOf('image', check.image, active, region.name);
  const named = check.flavor === undefined ? undefined : oneOf('flavor', check.flavor, flavors, region.name);
  if (typeof image === 'string' || typeof named === 'string')
    throw refuse('CloudNotSuitable', [image, named].filter((one) => typeof one === 'string').join('\n'));
  if (image === undefined)
    throw refuse(
      'CloudNotSuitable',
      `region ${region.name} has no image for the test VMs; upload one, or use check: none`,
    );
  const fitting = flavors.filter((flavor) => fits(flavor, image)).sort(bySize);
  if (named !== undefined) {
    if (fits(named, image)) return { image, flavor: named };
    const candidates = fitting.map((one) => one.name).join(', ') || 'none';
    throw refuse(
      'CloudNotSuitable',
      `flavor ${named.name} of region ${region.name} (${named.ram} MB, ${named.disk} GB) is too small for image ${needsOf(image)}; candidates: ${candidates}`,
    );
  }
  // Where a flavor has no disk of its own, most clouds let only administrators boot from an image.
  const flavor = fitting.find(({ disk }) => disk > 0) ?? fitting[0];
  if (flavor === undefined)
    throw refuse(
      'CloudNotSuitable',
      `no flavor of region ${region.name} fits image ${needsOf(image)}; use check: none or another image`,
    );
  return { image, flavor };
}

const GIB = 2 ** 30;

/** As Nova compares them; a disk of 0 takes any image. */
function fits({ ram, disk }: Flavor, image: Image): boolean {
  return ram >= image.min_ram && (disk === 0 || (disk >= image.min_disk && disk * GIB >= (image.size ?? 0)));
}

function bySize(a: Flavor, b: Flavor): number {
  return a.ram - b.ram || a.disk - b.disk || a.vcpus - b.vcpus;
}

function needsOf({ name, min_ram: ram, min_disk: disk, size }: Image): string {
  return `${name} (at least ${ram} MB, ${Math.max(disk, Math.ceil((size ?? 0) / GIB))} GB)`;
}
