/**
 * What is stray among the holdings of all places: doubles, test VMs' resources, incomplete sets, VPN services that nothing uses.
 * The rule: told from marks and from what refers to what, never from what Temporal remembers. A whole VPN has no strays but doubles and test VMs.
 */
import { KINDS } from '../graph/kinds.js';
import { stepKeyOf } from '../graph/step-keys.js';
import type { StrayOwner, StrayReason, SurveyOutput } from '../workflows/protocol.js';
import type { Attempt } from './attempt.js';
import { type Holdings, type Item, resourcesOf, unusedServices } from './holdings.js';
import { kindOf } from './resources/index.js';
import { type Wholeness, wholenessOf } from './wholeness.js';

export interface StrayItem {
  readonly item: Item;
  readonly why: StrayReason;
}

interface StrayItems {
  readonly sets: readonly { readonly of: StrayOwner; readonly strays: readonly StrayItem[] }[];
  readonly unclear: SurveyOutput['unclear'];
}

export async function straysIn(all: readonly Holdings[], attempt: Attempt): Promise<StrayItems> {
  const sets: StrayItems['sets'][number][] = [];
  const unclear: SurveyOutput['unclear'][number][] = [];
  for (const vpn of new Set(all.flatMap(({ items }) => items.map((item) => item.vpn)))) {
    const marked = all.flatMap(({ items }) => items.filter((item) => item.vpn === vpn));
    const wholeness = wholenessOf(marked);
    if (typeof wholeness === 'object') unclear.push({ vpn, reason: reasonOf(vpn, wholeness) });
    const strays =
      wholeness === 'incomplete'
        ? (await everythingOf(vpn, all, attempt)).map((item) => ({ item, why: 'incomplete' as const }))
        : await besidesTheVpn(marked, attempt);
    if (strays.length > 0) sets.push({ of: { vpn }, strays });
  }
  const listed = new Set(sets.flatMap(({ strays }) => strays.map(({ item }) => item.found.id)));
  const unused = (await Promise.all(all.map((holdings) => unusedServices(holdings, attempt)))).flat();
  const rest = unused.filter((item) => !listed.has(item.found.id));
  for (const router of new Set(rest.map(routerOf))) {
    const here = rest.filter((item) => routerOf(item) === router);
    const region = here[0]?.place.pins.region ?? '';
    sets.push({ of: { router, region }, strays: here.map((item) => ({ item, why: 'unused service' })) });
  }
  return { sets, unclear };
}

function reasonOf(vpn: string, { unseen }: Exclude<Wholeness, string>): string {
  return `the other end of its tunnel, site ${unseen}, stands in no region that this worker looks at: add its cloud to clouds.yaml; if it is really gone, run: regionlink destroy ${vpn}`;
}

async function everythingOf(vpn: string, all: readonly Holdings[], attempt: Attempt): Promise<readonly Item[]> {
  return (await Promise.all(all.map((holdings) => resourcesOf(vpn, holdings, attempt)))).flat();
}

/** What a VPN that works has no use for. */
async function besidesTheVpn(marked: readonly Item[], attempt: Attempt): Promise<readonly StrayItem[]> {
  const strays: StrayItem[] = [];
  for (const step of new Set(marked.map(stepKeyOf))) {
    const items = marked.filter((item) => stepKeyOf(item) === step);
    const check = items.filter((item) => KINDS[item.kind].temporary);
    strays.push(...check.map((item) => ({ item, why: 'check' as const })));
    if (check.length > 0) continue;
    strays.push(...(await doublesIn(items, attempt)).map((item) => ({ item, why: 'double' as const })));
  }
  return strays;
}

/** All but what others refer to. Where nothing refers to any, one that is up stays, else the one that `ensure` would take. */
async function doublesIn(items: readonly Item[], attempt: Attempt): Promise<readonly Item[]> {
  if (items.length < 2) return [];
  const used: Item[] = [];
  for (const item of items) {
    const scope = { region: item.place.region, attempt };
    if (await kindOf(item.kind).isReferenced(item.found, scope)) used.push(item);
  }
  const byId = [...items].sort((a, b) => a.found.id.localeCompare(b.found.id));
  const stay = used.length > 0 ? used : [byId.find((item) => item.found.status === 'ACTIVE') ?? byId[0]];
  return items.filter((item) => !stay.includes(item));
}

function routerOf({ found }: Item): string {
  return String(found.fields.router_id);
}
