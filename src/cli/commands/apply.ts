/** `regionlink apply -f FILE`: provision, or join the run that already does so, and follow it. */
import { RegionLink } from '../../client/index.js';
import { parseSpec } from '../../spec/index.js';
import { loadSpecFile } from '../../spec/load-spec-file.js';
import { InterruptedError } from '../exit-codes.js';
import { follow, styleOf, untilCtrlC } from '../follow.js';
import { requester } from '../requester.js';
import { provisionText } from '../result-text.js';

export interface ApplyOptions {
  readonly file: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export async function apply(options: ApplyOptions): Promise<void> {
  const file = loadSpecFile(options.file);
  const { warnings } = parseSpec(file);
  for (const warning of warnings) console.error(`warning: ${warning}`);
  const link = await RegionLink.connect();
  try {
    const run = await link.provision(file, { requestedBy: requester() });
    if (run.joined && !options.json)
      console.error(`${run.vpn} is being provisioned from this very spec already; following that run`);
    const comeBack = `come back with: regionlink status ${run.vpn} --watch\ncancel with:    regionlink cancel ${run.vpn}`;
    if (options.detach) {
      console.log(options.json ? JSON.stringify(await run.status()) : `${run.vpn} is being provisioned\n${comeBack}`);
      return;
    }
    const end = await untilCtrlC((signal) => follow(run, styleOf(options), signal));
    if (end === undefined) throw new InterruptedError(`The run goes on.\n${comeBack}`);
    const result = await run.result();
    console.log(options.json ? JSON.stringify(result) : `\n${provisionText(result)}`);
  } finally {
    await link.close();
  }
}
