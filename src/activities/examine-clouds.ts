/**
 * Every cloud and region of a worker's configuration, asked what it can: by `doctor`, in full, and by a worker before it starts, for what it cannot do without.
 * The rule: one cloud that is away or misconfigured is a finding, and keeps none of the others from being looked at.
 */
import { ApplicationFailure } from '@temporalio/common';
import { RESOURCE_KINDS } from '../graph/kinds.js';
import type { Clouds, CloudsReport } from '../openstack/clouds-config.js';
import { verdictOn } from '../openstack/error-table.js';
import { CloudConfigError, OpenStackError } from '../openstack/errors.js';
import { Regions } from '../openstack/region.js';
import { RememberingRegion } from '../openstack/remembering-region.js';
import type { ExamineOutput, Finding, PlaceReport } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import {
  type Ask,
  askAll,
  ciphers,
  consoleOutput,
  externalAddressesLeft,
  externalNetworks,
  type Question,
  vpnExtensions,
  vpnObjects,
  vpnPlugin,
} from './capabilities.js';
import { chooseMachine } from './look-up-site.js';
import { machineAnswer } from './plan-findings.js';
import { computeQuota, networkQuota } from './quota.js';
import type { WorkerContext } from './worker-context.js';

type Questions = Readonly<Record<string, Question>>;

/** Without these no VPN can be. */
export const INDISPENSABLE: Questions = { VPNaaS: vpnExtensions, 'external network': externalNetworks };

/** All that can be asked without a spec. Quotas: whether one more site of a created network would fit. */
const EVERYTHING: Questions = {
  ...INDISPENSABLE,
  'VPN plugin': vpnPlugin,
  ciphers: ciphers(),
  'VPN objects': vpnObjects,
  'external addresses': externalAddressesLeft,
  'network quota': networkQuota(RESOURCE_KINDS, 'warning'),
  'test VMs': testMachine,
  'console output': consoleOutput,
};

export function makeExamineClouds(worker: WorkerContext) {
  return (): Promise<ExamineOutput> =>
    Attempt.run(worker.timing, async (attempt) => ({
      configuration: configurationFindings(worker.clouds.report()),
      places: await examineClouds(worker.clouds, EVERYTHING, attempt.read),
    }));
}

/** What was read, where from, and what of it has no effect. */
function configurationFindings({ files, remarks, clouds }: CloudsReport): readonly Finding[] {
  return [
    ...files.map(
      ({ kind, path, searched }): Finding => ({
        about: kind,
        verdict: 'ok',
        said: path ?? `none in ${searched.join(', ')}`,
      }),
    ),
    ...remarks.map((said): Finding => ({ about: 'not used', verdict: 'warning', said })),
    ...clouds.flatMap(({ name, chosen, places, unused }): readonly Finding[] => {
      const about = `cloud ${name}${chosen ? ', the default' : ''}`;
      const read = places.map(({ where, keys }) => `${where}: ${keys.join(', ')}`).join('; ');
      if (unused.length === 0) return [{ about, verdict: 'ok', said: read }];
      const said = `${unused.join(', ')} ${unused.length === 1 ? 'has' : 'have'} no effect here`;
      return [
        { about, verdict: 'ok', said: read },
        {
          about,
          verdict: 'warning',
          said,
          cure: 'leave it, where another program needs it; else look for a mistyped key',
        },
      ];
    }),
  ];
}

/** A report a region; one a cloud where its login or catalog fails. Logs in anew, so that what is told is so now. */
export async function examineClouds(clouds: Clouds, questions: Questions, ask: Ask): Promise<readonly PlaceReport[]> {
  return (await Promise.all(clouds.names.map((name) => examineCloud(name, clouds, questions, ask)))).flat();
}

async function examineCloud(
  name: string,
  clouds: Clouds,
  questions: Questions,
  ask: Ask,
): Promise<readonly PlaceReport[]> {
  try {
    const regions = new Regions();
    const first = regions.session(clouds.get(name));
    // The login first: refused, it is told once and not for every region.
    const offered = await ask((call) => first.regions(call));
    const project = await ask((call) => first.projectId(call));
    const listed = clouds.regionsOf(name);
    return await Promise.all(
      (listed.length > 0 ? listed : offered).map(async (regionName): Promise<PlaceReport> => {
        const cloud = clouds.get(name, regionName);
        const region = new RememberingRegion(regions.session(cloud), regionName);
        const findings = await askAll({ endpoint, ...questions }, 'problem', region, ask);
        return {
          cloud: name,
          source: cloud.source,
          region: regionName,
          findings: [{ about: 'login', verdict: 'ok', said: `project ${project}` }, ...oncePerFailure(findings)],
        };
      }),
    );
  } catch (error) {
    if (!(error instanceof CloudConfigError) && !(error instanceof OpenStackError)) throw error;
    return [{ cloud: name, findings: [{ about: 'login', verdict: 'problem', said: error.message, ...cureOf(error) }] }];
  }
}

/** A login that is refused says its own. */
function cureOf(error: CloudConfigError | OpenStackError): Pick<Finding, 'cure'> {
  if (error instanceof CloudConfigError) return {};
  if (error.fields.sent !== 'answered') return { cure: 'is its auth_url right, and reachable from the worker?' };
  return { cure: verdictOn(error).cure };
}

async function endpoint(...[region, ask]: Parameters<Question>): ReturnType<Question> {
  return [{ verdict: 'ok', said: `network ${await ask((call) => region.networkEndpoint(call))}` }];
}

/** A region that does not answer says the same to every question. */
function oncePerFailure(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(
    ({ verdict, said }, index) => verdict !== 'problem' || findings.findIndex((one) => one.said === said) === index,
  );
}

/** Not a problem where there is none: `check: none` needs no VM. */
async function testMachine(...[region, ask]: Parameters<Question>): ReturnType<Question> {
  try {
    const machine = await chooseMachine({}, region, ask);
    const quota = await computeQuota([machine.flavor], 'warning')(region, ask);
    return [machineAnswer(machine), ...quota.filter(({ verdict }) => verdict !== 'ok')];
  } catch (error) {
    if (!(error instanceof CloudConfigError) && !(error instanceof ApplicationFailure)) throw error;
    return [{ verdict: 'warning', said: error.message, cure: 'VPNs here need check: none' }];
  }
}
