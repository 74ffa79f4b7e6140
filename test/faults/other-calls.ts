/**
 * What sets the calls of one run apart from those of another: so that a spec that differs in little meets the faults with little.
 * The rule: a look is another by where it looks; a write by what it does, with all that it refers to in words instead of ids.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { LoggedCall } from '../../src/simulator/index.js';
import { withoutIds } from '../support/test-bed.js';
import { type CallCase, callsOf } from './cases.js';
import type { Lane } from './lanes.js';
import { everyRow, type Picture, withoutRun } from './place.js';

export interface Recorded {
  readonly log: readonly LoggedCall[];
  /** The clouds at its start and at its end. */
  readonly before: Picture;
  readonly after: Picture;
}

/** What a lane's clouds see of a run, from where they are. */
export async function record(lane: Lane, start: (lane: Lane) => Promise<WorkflowHandle>): Promise<Recorded> {
  const { simulator } = lane.bed;
  const from = simulator.log.length;
  const before = simulator.snapshot();
  await lane.bed.end(await start(lane));
  return { log: simulator.log.slice(from), before, after: simulator.snapshot() };
}

/** Calls that the other run does not make, or with which it does something else. */
export function callsBeyond(run: Recorded, other: Recorded): readonly CallCase[] {
  const known = new Set(wordsOf(other).map(({ words }) => words));
  return wordsOf(run).flatMap(({ call, words }) => (known.has(words) ? [] : [call]));
}

/** Fields that differ from run to run by themselves. */
const BY_CHANCE = new Set(['id', 'created_at', 'mac_address', 'psk']);

function wordsOf({ log, before, after }: Recorded) {
  const rows = new Map([before, after].flatMap(everyRow).map((one) => [String(one.row.id), one]));
  const nameOf = (id: string) => {
    const { table = 'nothing here', row } = rows.get(id) ?? {};
    // Of ours the step; of anyone else's the name.
    const [, step] = / step=([a-zA-Z0-9~/-]+)/.exec(String(row?.description)) ?? [];
    return `${table} ${step ?? String(row?.name)}`;
  };
  return callsOf(log).map((call) => {
    const { method, region, service, path, skip, writes, effects } = call;
    const what = effects.map(({ op, kind, id }) => {
      const fields = Object.entries(rows.get(id)?.row ?? {}).filter(([field]) => !BY_CHANCE.has(field));
      return `${op} ${kind} ${withoutIds(withoutRun(JSON.stringify(fields)), nameOf)}`;
    });
    return { call, words: [method, region, service, path, ...(writes ? what.sort() : [skip])].join(' ') };
  });
}
