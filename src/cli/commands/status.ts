/** `regionlink status NAME` and `cancel NAME`: how the newest run of a VPN stands, and its end. */
import { checkName, RegionLink, type RunStatus } from '../../client/index.js';
import { PROVISION } from '../../workflows/protocol.js';
import { colours, wantsColour } from '../colour.js';
import { InterruptedError } from '../exit-codes.js';
import { follow, styleOf, untilCtrlC } from '../follow.js';
import { view } from '../render.js';

export interface StatusOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

export async function status(name: string, options: StatusOptions): Promise<void> {
  checkName(name);
  const link = await RegionLink.connect();
  try {
    const run = link.get(name);
    const now = await run.status();
    if (options.watch && now.state === 'RUNNING') {
      const end = await untilCtrlC((signal) => follow(run, styleOf(options), signal));
      if (end === undefined)
        throw new InterruptedError(`The run goes on. Come back with: regionlink status ${name} --watch`);
    } else {
      console.log(options.json ? JSON.stringify(now) : text(now));
      if (now.state === 'RUNNING') return;
    }
    await run.result();
  } finally {
    await link.close();
  }
}

function text(now: RunStatus): string {
  const colour = colours(wantsColour(process.stdout));
  const page = { columns: process.stdout.columns || 120, rows: Number.POSITIVE_INFINITY, colour };
  const lines = view(now, page, Date.now());
  // Only a worker can tell where each step stands.
  const history = now.progress === undefined ? [`its steps so far: regionlink history ${now.vpn}`] : [];
  return [...lines, ...history].join('\n');
}

export async function cancel(name: string, options: { readonly json?: boolean }): Promise<void> {
  checkName(name);
  const link = await RegionLink.connect();
  try {
    const run = link.get(name);
    const now = await run.status();
    if (now.state === 'RUNNING') await run.cancel();
    const said =
      now.state === 'RUNNING'
        ? `${name} is being cancelled: ${now.operation === PROVISION ? 'it rolls back what it made' : 'a removal that has begun is finished'}. Watch it with: regionlink status ${name} --watch`
        : `${name} does not run (${now.state.toLowerCase()})`;
    console.log(options.json ? JSON.stringify({ vpn: name, cancelled: now.state === 'RUNNING' }) : said);
  } finally {
    await link.close();
  }
}
