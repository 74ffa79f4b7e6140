/**
 * `resolveSpec`, the first activity of a provision: validates, applies defaults, looks up and pins, and notes what already stands.
 * The rule: it only reads, and it tells every problem of both sites at once.
 */
import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { buildGraph, siteStepKey } from '../graph/build-graph.js';
import { isResourceStep, type LookUps, type StepOutput } from '../graph/types.js';
import { CloudConfigError } from '../openstack/errors.js';
import type { Region } from '../openstack/region.js';
import { InvalidSpecError, parseSpec } from '../spec/index.js';
import { overlap, rangeOf } from '../spec/ipv4.js';
import type { SiteSpec, VpnSpec } from '../spec/types.js';
import {
  type BeforeState,
  type LinkPins,
  type ResolvedVpn,
  type ResolveInput,
  type SitePins,
  workflowIdOf,
} from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { refuse } from './failures.js';
import type { Found, StepScope } from './kind.js';
import { externalNetworkId } from './resources/external-gateway.js';
import { kindOf } from './resources/index.js';
import { ownPsk } from './resources/site-connection.js';
import type { WorkerContext } from './worker-context.js';

const EXTENSIONS = ['vpnaas', 'vpn-endpoint-groups'];

interface SiteLookUp {
  readonly pins: SitePins;
  readonly region: Region;
  readonly given: Readonly<Record<string, StepOutput>>;
  readonly image?: { readonly image: string; readonly flavor: string };
}

export function makeResolveSpec(worker: WorkerContext) {
  return (input: ResolveInput): Promise<ResolvedVpn> =>
    Attempt.run(worker.timing, async (attempt) => {
      const { spec, warnings } = parsed(input);
      if (spec.psk.from !== 'generated') ownPsk(spec.psk, worker.env);
      const sites = await lookUpSites(spec, worker, attempt);
      const lookUps: LookUps = {
        given: Object.assign({}, ...[...sites.values()].map((site) => site.given)),
        images: Object.fromEntries(
          [...sites].flatMap(([key, { image }]) => (image === undefined ? [] : [[key, image]])),
        ),
      };
      refuseOverlap(spec, lookUps);
      const graph = buildGraph(spec, lookUps);
      const standing = new Map<string, Found>();
      for (const step of graph.steps.filter(isResourceStep)) {
        const site = sites.get(step.site);
        if (site === undefined || step.temporary) continue;
        const outputs = {
          ...lookUps.given,
          ...Object.fromEntries(
            [...standing].map(([key, { id, name }]) => [key, { id, name, action: 'adopted' } as const]),
          ),
        };
        const found = await standingOf({
          vpn: spec.name,
          run: input.run,
          step,
          site: site.pins,
          link: undefined,
          region: site.region,
          attempt,
          worker,
          outputs,
        });
        if (found !== undefined) standing.set(step.key, found);
      }
      return {
        spec,
        graph,
        sites: Object.fromEntries([...sites].map(([key, site]) => [key, site.pins])),
        links: Object.fromEntries(
          spec.links.map((link) => [link.key, linkPins(link.key, [...standing.values()], worker)]),
        ),
        given: lookUps.given,
        before: Object.fromEntries(
          [...standing].map(([key, found]) => [key, beforeOf(found, kindOf(stepKind(graph.steps, key)).restorable)]),
        ),
        timing: worker.timing,
        warnings,
      };
    });
}

function parsed(input: ResolveInput): ReturnType<typeof parseSpec> {
  try {
    const result = parseSpec(input.spec);
    if (workflowIdOf(result.spec.name) === input.workflowId) return result;
    throw refuse(
      'InvalidSpec',
      `the spec is of ${result.spec.name}, so the workflow id must be ${workflowIdOf(result.spec.name)}, not ${input.workflowId}: the id is the VPN's lock`,
    );
  } catch (error) {
    if (error instanceof InvalidSpecError) throw refuse('InvalidSpec', error.message);
    throw error;
  }
}

/** An existing subnet's range is known only now; the spec's own validation has seen those of created ones. */
function refuseOverlap(spec: VpnSpec, { given }: LookUps): void {
  const ranges = spec.sites.map(({ key, network }) => {
    const cidr = network.kind === 'created' ? network.subnet.cidr : (given[siteStepKey(key, 'subnet')]?.cidr ?? '');
    return { key, cidr, range: rangeOf(cidr) };
  });
  for (const [index, one] of ranges.entries()) {
    const other = ranges.slice(0, index).find((earlier) => overlap(earlier.range, one.range));
    if (other === undefined) continue;
    throw refuse(
      'CloudNotSuitable',
      `${one.cidr} of site ${one.key} overlaps ${other.cidr} of site ${other.key}: packets between them could not be routed. Choose other subnets`,
    );
  }
}

async function lookUpSites(spec: VpnSpec, worker: WorkerContext, attempt: Attempt): Promise<Map<string, SiteLookUp>> {
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
  const region = worker.regions.open(worker.clouds.get(site.cloud), site.region);
  const pins: SitePins = {
    site: site.key,
    ...(site.cloud === undefined ? {} : { cloud: site.cloud }),
    region: site.region,
    projectId: await attempt.read((call) => region.projectId(call)),
    networkEndpoint: await attempt.read((call) => region.networkEndpoint(call)),
    owner: worker.owner,
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
  const [, , given, image] = await Promise.all([
    collect(checkExtensions(region, attempt)),
    collect(site.network.kind === 'created' ? checkExternalNetwork(site, region, attempt) : Promise.resolve()),
    collect(givenNetwork(site, region, attempt)),
    collect(spec.check.via === 'none' ? Promise.resolve(undefined) : chooseImage(spec.check, region, attempt)),
  ]);
  if (problems.length > 0)
    throw refuse('CloudNotSuitable', problems.map((problem) => `site ${site.key}: ${problem}`).join('\n'));
  return { pins, region, given: given ?? {}, ...(image === undefined ? {} : { image }) };
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

/** Router and subnet of an existing network, checked and never changed. Errors list the candidates. */
async function givenNetwork(
  site: SiteSpec,
  region: Region,
  attempt: Attempt,
): Promise<Readonly<Record<string, StepOutput>>> {
  if (site.network.kind === 'created') return {};
  const { router: routerName, subnet: subnetName } = site.network;
  const [routers, subnets, ports] = await Promise.all([
    attempt.read((call) => region.list('routers', call)),
    attempt.read((call) => region.list('subnets', call)),
    attempt.read((call) => region.list('ports', call)),
  ]);
  const router = oneOf('router', routerName, routers, region);
  const subnet = oneOf('subnet', subnetName, subnets, region);
  if (router.external_gateway_info === null) {
    throw refuse(
      'CloudNotSuitable',
      `router ${router.name} (${router.id}) has no external gateway; set one: openstack router set ${router.id} --external-gateway ${site.externalNetwork}`,
    );
  }
  const attached = ports.some(
    (port) => port.device_id === router.id && port.fixed_ips.some((ip) => ip.subnet_id === subnet.id),
  );
  if (!attached) {
    throw refuse(
      'CloudNotSuitable',
      `subnet ${subnet.name} (${subnet.id}) is not attached to router ${router.name} (${router.id}); attach it: openstack router add subnet ${router.id} ${subnet.id}`,
    );
  }
  return {
    [siteStepKey(site.key, 'router')]: { id: router.id, name: router.name, action: 'existing' },
    [siteStepKey(site.key, 'subnet')]: {
      id: subnet.id,
      name: subnet.name,
      action: 'existing',
      cidr: subnet.cidr,
      parent: subnet.network_id,
    },
  };
}

function oneOf<T extends { readonly id: string; readonly name: string }>(
  noun: string,
  wanted: string,
  all: readonly T[],
  region: Region,
): T {
  const matches = all.filter((one) => one.id === wanted || one.name === wanted);
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const candidates =
    (matches.length === 0 ? all : matches).map((one) => `${one.name} (${one.id})`).join(', ') || 'none';
  throw refuse(
    'CloudNotSuitable',
    `${noun} "${wanted}" is ${matches.length === 0 ? 'not known' : 'ambiguous: name it by id'} in region ${region.name}; candidates: ${candidates}`,
  );
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
  const active = images.filter((image) => image.status === 'active');
  const smallest = [...active].sort((a, b) => (a.size ?? 0) - (b.size ?? 0))[0];
  const image = check.image === undefined ? smallest : oneOf('image', check.image, active, region);
  if (image === undefined)
    throw refuse(
      'CloudNotSuitable',
      `region ${region.name} has no image for the test VMs; upload one, or use check: none`,
    );
  const fits = flavors.filter((flavor) => flavor.ram >= image.min_ram && flavor.disk >= image.min_disk);
  const flavor =
    check.flavor === undefined
      ? [...fits].sort((a, b) => a.ram - b.ram || a.disk - b.disk || a.vcpus - b.vcpus)[0]
      : oneOf('flavor', check.flavor, flavors, region);
  if (flavor === undefined)
    throw refuse(
      'CloudNotSuitable',
      `no flavor of region ${region.name} fits image ${image.name} (${image.min_ram} MB, ${image.min_disk} GB); use check: none or another image`,
    );
  return { image: image.id, flavor: flavor.id };
}

async function standingOf(scope: StepScope): Promise<Found | undefined> {
  const part = scope.step.kind;
  const routerKnown = scope.outputs[siteStepKey(scope.step.site, 'router')] !== undefined;
  const subnetKnown = scope.outputs[siteStepKey(scope.step.site, 'subnet')] !== undefined;
  if ((part === 'externalGateway' || part === 'vpnService' || part === 'routerInterface') && !routerKnown)
    return undefined;
  if (part === 'routerInterface' && !subnetKnown) return undefined;
  return (await kindOf(part).find(scope))[0];
}

function stepKind(steps: ReturnType<typeof buildGraph>['steps'], key: string) {
  const step = steps.find((one) => one.key === key);
  if (step === undefined || !isResourceStep(step)) throw new Error(`no resource step ${key}`);
  return step.kind;
}

function beforeOf(found: Found, restorable: readonly string[]): BeforeState {
  return {
    id: found.id,
    fields: Object.fromEntries(
      restorable.flatMap((field) => (field in found.fields ? [[field, found.fields[field]]] : [])),
    ),
  };
}

/** An existing connection's mark gives its PSK's nonce back; a new link draws one. */
function linkPins(link: string, standing: readonly Found[], worker: WorkerContext): LinkPins {
  const mark = standing
    .map((found) => found.mark)
    .find((one) => one?.step.startsWith(`${link}/`) && one.nonce !== undefined);
  if (mark?.nonce !== undefined && mark.key !== undefined) return { nonce: mark.nonce, keyId: mark.key };
  return { nonce: randomBytes(8).toString('hex'), keyId: worker.keys.currentId };
}
