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
import type { Image } from '../openstack/types.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import type { SitePins } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { existingNetwork, type GivenNetwork } from './existing-network.js';
import { refuse } from './failures.js';
import { oneOf } from './one-of.js';
import { externalNetworkId } from './resources/external-gateway.js';
import type { WorkerContext } from './worker-context.js';

const EXTENSIONS = ['vpnaas', 'vpn-endpoint-groups'];

export interface SiteLookUp {
  readonly pins: SitePins;
  readonly region: Region;
  readonly given: Readonly<Record<string, StepOutput>>;
  readonly image?: { readonly image: string; readonly flavor: string };
}

/** All sites at once, by key. Fails with the problems of all of them. */
export async function lookUpSites(
  spec: VpnSpec,
  worker: WorkerContext,
  attempt: Attempt,
): Promise<Map<string, SiteLookUp>> {
  const results = await Promise.allSettled(spec.sites.map((site) => lookUpSite(site, spec, worker, attempt)));
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const final = failed.filter(
    (error) => error instanceof CloudConfigError || (error instanceof ApplicationFailure && error.nonRetryable),
  );
  if (final.length > 0) throw refuse('CloudNotSuitable', final.map((error) => (error as Error).message).join('\n'));
  if (failed.length > 0) throw failed[0];
  return new Map(
    results.flatMap((result) =>
      result.status === 'fulfilled' ? [[result.value.pins.site, result.value] as const] : [],
    ),
  );
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
      problems.push(error.message);
      return undefined;
    }
  };
  const prefetched = attempt.read((call) => region.prefetch(call));
  const [, , given, image] = await Promise.all([
    collect(checkExtensions(region, attempt)),
    collect(site.network.kind === 'created' ? checkExternalNetwork(site, region, attempt) : Promise.resolve()),
    collect(givenNetwork(site, region, attempt)),
    collect(spec.check.via === 'none' ? Promise.resolve(undefined) : chooseImage(spec.check, region, attempt)),
  ]);
  await prefetched;
  problems.push(...(given?.problems ?? []));
  if (problems.length > 0)
    throw refuse('CloudNotSuitable', problems.map((problem) => `site ${site.key}: ${problem}`).join('\n'));
  return { pins, region, given: given?.given ?? {}, ...(image === undefined ? {} : { image }) };
}

async function checkExtensions(region: Region, attempt: Attempt): Promise<void> {
  const aliases = new Set(
    (await attempt.read((call) => region.list('extensions', call))).map((extension) => extension.alias),
  );
  const missing = EXTENSIONS.filter((alias) => !aliases.has(alias));
  if (missing.length > 0) {
    throw refuse(
      'CloudNotSuitable',
      `region ${region.name} lacks the network extension ${missing.join(' and ')}: it offers no VPNaaS with endpoint groups. Choose another region, or ask the cloud for it`,
    );
  }
}

async function checkExternalNetwork(site: SiteSpec, region: Region, attempt: Attempt): Promise<void> {
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
  await externalNetworkId({ step, region, attempt });
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

function chosen<T extends { readonly id: string; readonly name: string }>(
  noun: string,
  wanted: string,
  all: readonly T[],
  region: Region,
): T {
  const found = oneOf(noun, wanted, all, region.name);
  if (typeof found === 'string') throw refuse('CloudNotSuitable', found);
  return found;
}

/** Parts of another image (a kernel, a RAM disk) and installers stand in the same list, and the smallest of all is often one of them. */
const NOT_BOOTED = new Set(['aki', 'ari', 'iso']);

function boots({ disk_format: disk, container_format: container }: Image): boolean {
  return !NOT_BOOTED.has(disk ?? '') && !NOT_BOOTED.has(container ?? '');
}

/** The named image and flavor, or the smallest that fit each other. */
async function chooseImage(
  check: { readonly image?: string; readonly flavor?: string },
  region: Region,
  attempt: Attempt,
): Promise<{ image: string; flavor: string }> {
  const [images, flavors] = await Promise.all([
    attempt.read((call) => region.listImages(call)),
    attempt.read((call) => region.listFlavors(call)),
  ]);
  const active = images.filter((image) => image.status === 'active' && boots(image));
  const smallest = [...active].sort((a, b) => (a.size ?? 0) - (b.size ?? 0))[0];
  const image = check.image === undefined ? smallest : chosen('image', check.image, active, region);
  if (image === undefined)
    throw refuse(
      'CloudNotSuitable',
      `region ${region.name} has no image for the test VMs; upload one, or use check: none`,
    );
  const fits = flavors.filter((flavor) => flavor.ram >= image.min_ram && flavor.disk >= image.min_disk);
  const flavor =
    check.flavor === undefined
      ? [...fits].sort((a, b) => a.ram - b.ram || a.disk - b.disk || a.vcpus - b.vcpus)[0]
      : chosen('flavor', check.flavor, flavors, region);
  if (flavor === undefined)
    throw refuse(
      'CloudNotSuitable',
      `no flavor of region ${region.name} fits image ${image.name} (${image.min_ram} MB, ${image.min_disk} GB); use check: none or another image`,
    );
  return { image: image.id, flavor: flavor.id };
}
