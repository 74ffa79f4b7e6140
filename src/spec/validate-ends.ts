/**
 * What is wrong between the two ends of a tunnel, where sites say things of their own: what IKE and IPsec could not agree on, ids that do not go together,
 * an end that keeps the tunnel down; and each end's dead peer detection.
 * The rule: as in `validate.ts`, silent on values that the schema refuses anyway.
 */
import { CRYPTO, PROFILES } from './crypto.js';
import { idFault, isNameId } from './ids.js';
import { CONNECTION } from './policy-schema.js';
import { type Fault, type Finding, type Path, valueAt } from './problems.js';
import { externalSites } from './validate-external.js';

/** Every finding about the ends. Between two of them only where there are two of OpenStack: what another end says is not in the spec. */
export function endFindings(input: unknown, sites: readonly string[]): readonly Finding[] {
  const external = externalSites(input, sites);
  const ours = sites.filter((site) => !external.includes(site));
  const [left, right, ...others] = ours;
  const both: Pair | undefined =
    left === undefined || right === undefined || others.length > 0 ? undefined : [left, right];
  return [
    ...(both === undefined
      ? []
      : [...cryptoFaults(input, both), ...initiatorFaults(input, both), ...idFaults(input, both)]),
    ...[undefined, ...ours].flatMap((site) => dpdFaults(input, site)),
    // With an external site there is no check.
    ...(external.length > 0 ? [] : [undefined, ...ours]).flatMap((site) => downFaults(input, site)),
  ];
}

type Pair = readonly [string, string];

/** What holds at a site, and where it is said: by the site, for all, or nowhere. */
interface Said {
  readonly at: Path;
  readonly by: 'site' | 'all' | 'nobody';
  readonly value: unknown;
}

/** `site` undefined: what is said for all. `standard`: what holds where nobody says anything. */
export function saidAt(input: unknown, site: string | undefined, path: Path, standard: unknown): Said {
  const own: Path = site === undefined ? path : ['sites', site, ...path];
  const ownValue = valueAt(input, own);
  if (ownValue !== undefined) return { at: own, by: 'site', value: ownValue };
  const forAll = valueAt(input, path);
  return { at: path, by: forAll === undefined ? 'nobody' : 'all', value: forAll ?? standard };
}

/** The fields that both ends must have alike, or there is no tunnel. */
const NEGOTIATED = {
  ike: ['version', 'mode', 'encryption', 'auth', 'pfs'],
  ipsec: ['protocol', 'encapsulation', 'encryption', 'auth', 'pfs'],
} as const;

function cryptoFaults(input: unknown, [left, right]: Pair): readonly Finding[] {
  const profile = PROFILES[valueAt(input, ['profile']) === 'tutorial' ? 'tutorial' : 'sound'];
  const version = (site: string) => saidAt(input, site, ['ike', 'version'], profile.ike.version).value;
  return (['ike', 'ipsec'] as const).flatMap((policy) =>
    NEGOTIATED[policy].flatMap((field): readonly Finding[] => {
      // IKEv2 has no phase 1 mode.
      if (field === 'mode' && version(left) === 'v2' && version(right) === 'v2') return [];
      const standard = (profile[policy] as Readonly<Record<string, unknown>>)[field];
      const [a, b] = [left, right].map((site) => ({ site, ...saidAt(input, site, [policy, field], standard) }));
      if (a === undefined || b === undefined || a.value === b.value) return [];
      const known: readonly unknown[] = CRYPTO[field];
      if (!known.includes(a.value) || !known.includes(b.value)) return [];
      const [odd, other] = b.by === 'site' ? [b, a] : [a, b];
      const message = `differs from ${String(other.value)} at ${other.site}`;
      return [[odd.at, { message, cure: 'say the same at both ends: they would never agree on a tunnel' }]];
    }),
  );
}

function initiatorFaults(input: unknown, [left, right]: Pair): readonly Finding[] {
  const [a, b] = [left, right].map((site) => saidAt(input, site, ['connection', 'initiator'], CONNECTION.initiator));
  if (a?.value !== 'response-only' || b?.value !== 'response-only') return [];
  const message = 'leaves both ends only answering, so that neither starts the tunnel';
  const cure = `let one of them be bi-directional: sites.${left}.connection.initiator or sites.${right}.connection.initiator`;
  return [[b.by === 'site' ? b.at : a.at, { message, cure }]];
}

/** The rule of `ids.ts`. */
function idFaults(input: unknown, sites: Pair): readonly Finding[] {
  const ends = sites.map((site) => {
    const at: Path = ['sites', site, 'connection', 'localId'];
    return { site, at, id: valueAt(input, at) };
  });
  const silent = ends.find(({ id }) => id === undefined);
  return ends.flatMap(({ at, id }): readonly Finding[] => {
    if (silent === undefined || typeof id !== 'string' || idFault(id) !== undefined || !isNameId(id)) return [];
    const message = `is a name, so that its cloud expects a name of ${silent.site} as well, which has none and presents its address`;
    return [[at, { message, cure: `give it an id of its own, in ${silent.at.join('.')}` }]];
  });
}

function dpdFaults(input: unknown, site: string | undefined): readonly Finding[] {
  const said = (field: 'interval' | 'timeout') =>
    saidAt(input, site, ['connection', 'dpd', field], CONNECTION.dpd[field]);
  const [interval, timeout] = [said('interval'), said('timeout')];
  if (typeof interval.value !== 'number' || typeof timeout.value !== 'number' || timeout.value > interval.value)
    return [];
  const place = { site: 2, all: 1, nobody: 0 };
  const told: readonly [Path, Fault] =
    place[timeout.by] >= place[interval.by]
      ? [timeout.at, { message: `must be more than interval, which is ${interval.value}` }]
      : [interval.at, { message: `must be less than timeout, which is ${timeout.value}` }];
  return [told];
}

function downFaults(input: unknown, site: string | undefined): readonly Finding[] {
  const { at, value } = saidAt(input, site, ['connection', 'adminStateUp'], CONNECTION.adminStateUp);
  const check = valueAt(input, ['check']);
  if (value !== false || check === 'none' || valueAt(check, ['via']) === 'none') return [];
  return [
    [
      at,
      {
        message: 'keeps the tunnel down, so that no check could prove it',
        cure: 'say check: none as well, or leave it out',
      },
    ],
  ];
}
