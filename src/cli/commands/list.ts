/** `regionlink list`: runs that Temporal remembers, open and closed, by what they are filtered by. */
import { InvalidArgumentError } from 'commander';
import { checkName, type ListedRun, type ListFilter, RegionLink } from '../../client/index.js';
import { operationWord } from '../../workflows/protocol.js';
import { duration, moment } from '../render.js';
import { table } from '../result-text.js';

export interface ListOptions {
  readonly open?: boolean;
  readonly closed?: boolean;
  readonly failed?: boolean;
  readonly name?: string;
  readonly phase?: NonNullable<ListFilter['phase']>;
  readonly region?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function limitOption(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
}

export async function list(options: ListOptions): Promise<void> {
  const { open, closed, failed, name, phase, region, limit } = options;
  if (name !== undefined) checkName(name);
  const state = open ? 'open' : closed ? 'closed' : failed ? 'failed' : undefined;
  const link = await RegionLink.connect();
  try {
    const runs = await link.list({
      ...(state === undefined ? {} : { state }),
      ...(name === undefined ? {} : { vpn: name }),
      ...(phase === undefined ? {} : { phase }),
      ...(region === undefined ? {} : { region }),
      ...(limit === undefined ? {} : { limit }),
    });
    if (options.json) console.log(JSON.stringify(runs));
    else if (runs.length === 0) console.log('Temporal knows no such run');
    else for (const line of table([HEAD, ...runs.map(row)])) console.log(line.slice(2));
  } finally {
    await link.close();
  }
}

const HEAD = ['VPN', 'OPERATION', 'STATE', 'PHASE', 'REGIONS', 'STARTED', 'TOOK', 'ASKED FOR BY'];

function row(run: ListedRun): readonly string[] {
  return [
    run.vpn,
    operationWord(run.operation),
    run.state.toLowerCase(),
    run.phase ?? '',
    run.regions.join(', '),
    moment(run.startedAt),
    duration((run.endedAt ?? Date.now()) - run.startedAt),
    run.requestedBy,
  ];
}
