/** `regionlink history NAME`: the audit of a VPN's runs, on the screen and into a file that outlives Temporal's memory of them. */
import { checkName, RegionLink, type RunRecord } from '../../client/index.js';
import { historyMarkdown, historyText } from '../history-text.js';
import { writeNew } from '../write-new.js';

export interface HistoryOptions {
  readonly run?: string;
  readonly all?: boolean;
  readonly markdown?: boolean;
  readonly json?: boolean;
  readonly export?: string;
}

export async function history(name: string, options: HistoryOptions): Promise<void> {
  checkName(name);
  const link = await RegionLink.connect();
  try {
    const { run, all = false } = options;
    const records = await link.history(name, { all, ...(run === undefined ? {} : { run }) });
    if (options.export !== undefined) {
      writeNew('--export', options.export, `${JSON.stringify(records, undefined, 2)}\n`);
      console.error(`${records.length} ${records.length === 1 ? 'run is' : 'runs are'} in ${options.export}`);
    }
    console.log(told(records, options));
  } finally {
    await link.close();
  }
}

function told(records: readonly RunRecord[], { json, markdown }: HistoryOptions): string {
  if (json) return JSON.stringify(records);
  const draw = markdown ? historyMarkdown : historyText;
  return records.map((record) => draw(record, Date.now())).join('\n\n');
}
