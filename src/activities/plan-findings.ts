/**
 * What the clouds of a spec can and cannot, for its plan. Sites in one region and project are asked together, since they share its quotas.
 * The rule: a problem is what apply would fail of, and nothing else is.
 */
import { kindNoun } from '../graph/kinds.js';
import { siteStepKey } from '../graph/step-keys.js';
import type { ResourceKind, StepOutput } from '../graph/types.js';
import type { CheckSpec } from '../spec/types.js';
import type { PlannedStep, VpnPlan } from '../workflows/protocol.js';
import {
  type Answer,
  type Ask,
  askAll,
  ciphers,
  consoleOutput,
  externalAddressesLeft,
  ipv4Of,
  type Question,
  vpnExtensions,
  vpnPlugin,
} from './capabilities.js';
import type { SiteLookUp, TestMachine } from './look-up-site.js';
import { parseMark } from './mark.js';
import { computeQuota, networkQuota } from './quota.js';
import type { Resolution } from './resolve.js';
import { kindOf } from './resources/index.js';

type Findings = VpnPlan['findings'];

export async function planFindings(
  { resolved, sites }: Resolution,
  steps: readonly PlannedStep[],
  ask: Ask,
): Promise<Findings> {
  const { spec, given } = resolved;
  const asked = placesOf([...sites.values()]).map(async (here): Promise<Findings> => {
    const keys = here.map(({ pins }) => pins.site);
    const made = steps
      .filter(({ site, action }) => action === 'create' && keys.includes(site ?? ''))
      .map(({ kind }) => kind as ResourceKind);
    const questions: Record<string, Question> = {
      VPNaaS: vpnExtensions,
      'VPN plugin': vpnPlugin,
      ciphers: ciphers(spec.sites.find(({ key }) => keys.includes(key))),
      'network quota': networkQuota(made, 'problem'),
      ...externalQuestions(here, given, made),
      ...checkQuestions(here, steps, spec.check),
      names: namesTaken(
        spec.name,
        steps.filter(({ site, action }) => action === 'create' && keys.includes(site ?? '')),
      ),
    };
    return (await askAll(questions, 'unknown', here[0].region, ask)).map((finding) => ({ ...finding, sites: keys }));
  });
  return together((await Promise.all(asked)).flat());
}

type Place = readonly [SiteLookUp, ...SiteLookUp[]];

function placesOf(sites: readonly SiteLookUp[]): readonly Place[] {
  const places = new Map<string, Place>();
  for (const site of sites) {
    const key = `${site.pins.networkEndpoint} ${site.pins.projectId}`;
    const known = places.get(key);
    places.set(key, known === undefined ? [site] : [...known, site]);
  }
  return [...places.values()];
}

/** Of an existing router's network; that of a created one is looked up with its site. */
function externalQuestions(
  here: Place,
  given: Readonly<Record<string, StepOutput>>,
  made: readonly ResourceKind[],
): Readonly<Record<string, Question>> {
  const ids = new Set(
    here.flatMap(({ pins, externalNetwork }) => {
      const id = externalNetwork ?? given[siteStepKey(pins.site, 'externalGateway')]?.parent;
      return id === undefined ? [] : [id];
    }),
  );
  const takesAddresses = made.some((kind) => kind === 'externalGateway' || kind === 'floatingIp');
  return {
    'external network': async (region, ask) =>
      (await Promise.all([...ids].map((id) => ipv4Of(id, region, ask)))).flat(),
    ...(takesAddresses ? { 'external addresses': externalAddressesLeft } : {}),
  };
}

function checkQuestions(
  here: Place,
  steps: readonly PlannedStep[],
  check: CheckSpec,
): Readonly<Record<string, Question>> {
  const machines = here.flatMap(({ machine }) => machine ?? []);
  const vms = here.flatMap(({ pins, machine }) =>
    machine === undefined
      ? []
      : steps.filter(({ kind, site }) => kind === 'server' && site === pins.site).map(() => machine.flavor),
  );
  if (check.via === 'none' || machines.length === 0) return {};
  return {
    'test VMs': async () => machines.map(machineAnswer),
    'compute quota': computeQuota(vms, 'problem'),
    ...(check.via === 'console' ? { 'console output': consoleOutput } : {}),
  };
}

/** Names that others bear already: Neutron takes them again, and then nobody can tell the two apart by name. */
function namesTaken(vpn: string, made: readonly PlannedStep[]): Question {
  return async (region, ask) => {
    const asked = made.map(async ({ kind, name, temporary }) => {
      const collection = temporary ? undefined : kindOf(kind as ResourceKind).collection;
      if (collection === undefined) return [];
      const all = await ask((call) => region.list(collection, call));
      // One of its own that is broken goes before another is made.
      const taken = all.some((one) => 'name' in one && one.name === name && parseMark(one.description)?.vpn !== vpn);
      return taken ? [`${kindNoun(kind)} ${name}`] : [];
    });
    const names = [...new Set((await Promise.all(asked)).flat())];
    if (names.length === 0) return [];
    return [
      {
        verdict: 'warning',
        said: `what is not this VPN's has these names already, and another one is made beside each: ${names.join(', ')}`,
        cure: 'other names, in names, keep them apart for who goes by names; regionlink goes by its marks',
      },
    ];
  };
}

/** What a test VM will run. */
export function machineAnswer({ image, flavor }: TestMachine): Answer {
  const said = `image ${image.name || image.id}, flavor ${flavor.name || flavor.id}`;
  if (flavor.disk > 0) return { verdict: 'ok', said };
  return {
    verdict: 'unknown',
    said: `${said}: not known whether a flavor without a disk may boot from an image, which most clouds leave to administrators`,
    cure: 'name a flavor with a disk in check.flavor',
  };
}

/** What was found at several sites alike is told once. */
function together(findings: Findings): Findings {
  const groups = new Map<string, Findings[number]>();
  for (const finding of findings) {
    const { sites, ...same } = finding;
    const key = JSON.stringify(same);
    groups.set(key, { ...finding, sites: [...new Set([...(groups.get(key)?.sites ?? []), ...sites])] });
  }
  return [...groups.values()];
}
