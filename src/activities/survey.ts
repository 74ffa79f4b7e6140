/**
 * The two looks of a sweep: `surveyClouds`, for the list that a person decides on, and `takeStrays`, under the VPN's lock, for what of it is still so.
 * The rule: both only read, and both read everything: what is stray is never told from less.
 */
import { ownerName, type StraysOutput, type SurveyOutput, type SweepInput } from '../workflows/protocol.js';
import { Attempt } from './attempt.js';
import { type Holdings, holdingsAt, type Item } from './holdings.js';
import { toGraph } from './inventory.js';
import { allPlaces } from './places.js';
import { type StrayItem, straysIn } from './strays.js';
import type { WorkerContext } from './worker-context.js';

export function makeSurveyClouds(worker: WorkerContext) {
  return (): Promise<SurveyOutput> =>
    Attempt.run(worker.timing, async (attempt) => {
      const { sets, unclear } = await straysIn(await everywhere(worker, attempt), attempt);
      return { sets: sets.map(({ of, strays }) => ({ of, strays: strays.map(inWords) })), unclear };
    });
}

export function makeTakeStrays(worker: WorkerContext) {
  return ({ of, ids }: SweepInput): Promise<StraysOutput> =>
    Attempt.run(worker.timing, async (attempt) => {
      const { sets } = await straysIn(await everywhere(worker, attempt), attempt);
      const still = sets
        .filter((set) => ownerName(set.of) === ownerName(of))
        .flatMap(({ strays }) => strays.map(({ item }) => item))
        .filter((item) => ids.includes(item.found.id));
      return { inventories: onePlaceASite(still).map((items) => toGraph(items, worker)) };
    });
}

async function everywhere(worker: WorkerContext, attempt: Attempt): Promise<readonly Holdings[]> {
  const places = await allPlaces(worker, attempt);
  return Promise.all(places.map((place) => holdingsAt(place, worker.owner, attempt)));
}

function inWords({ item, why }: StrayItem): SurveyOutput['sets'][number]['strays'][number] {
  const { id, name } = item.found;
  return { kind: item.kind, name, id, region: item.place.pins.region, why };
}

/** As few groups as can be in which every site is at one place, as a graph needs it. */
function onePlaceASite(items: readonly Item[]): readonly (readonly Item[])[] {
  const groups: Item[][] = [];
  for (const item of items) {
    const fits = (other: Item) => other.site !== item.site || other.place === item.place;
    const group = groups.find((one) => one.every(fits));
    if (group === undefined) groups.push([item]);
    else group.push(item);
  }
  return groups;
}
