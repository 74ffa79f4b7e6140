/** `regionlink doctor`: whether all that a VPN takes is there, from Temporal to the last region. Changes nothing. */
import { RegionLink } from '../../client/index.js';
import type { Finding } from '../../workflows/protocol.js';
import { awaitWorker } from '../await-worker.js';
import { EXIT } from '../exit-codes.js';
import { findingLines, VERDICTS } from '../findings-text.js';
import { page } from '../page.js';
import { wrap } from '../wrap.js';

/** What was looked at, and what was found there. */
interface Group {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const link = await RegionLink.connect();
  try {
    const workers = await link.workers();
    const temporal: Group = { title: 'Temporal', findings: [workerFinding(workers)] };
    if (!options.json) print(temporal);
    const { places, configuration } =
      workers.length === 0
        ? { places: [], configuration: [] }
        : await awaitWorker(
            link,
            'asks every configured region',
            options,
            () => link.examine(),
            Promise.resolve(workers),
          );
    const groups: readonly Group[] = [
      ...(configuration.length === 0 ? [] : [{ title: 'configuration', findings: configuration }]),
      ...places.map(({ cloud, region, source, findings }) => ({
        title: `cloud ${cloud}${region === undefined ? '' : `, region ${region}`}${source === undefined ? '' : ` (${source})`}`,
        findings,
      })),
    ];
    if (options.json) console.log(JSON.stringify({ workers, temporal: temporal.findings, configuration, places }));
    else {
      for (const group of groups) print(group);
      const { columns, colour } = page();
      console.log(`\n${wrap(VERDICTS, columns).map(colour.dim).join('\n')}`);
    }
    const unwell = [temporal, ...groups].some(({ findings }) => findings.some(({ verdict }) => verdict === 'problem'));
    if (unwell) process.exitCode = EXIT.failed.code;
  } finally {
    await link.close();
  }
}

function workerFinding(workers: readonly string[]): Finding {
  if (workers.length > 0) return { about: 'workers', verdict: 'ok', said: workers.join(', ') };
  return {
    about: 'workers',
    verdict: 'problem',
    said: 'none takes tasks; the clouds are known to workers only, so nothing is known of them',
    cure: 'start one: regionlink worker',
  };
}

function print({ title, findings }: Group): void {
  const { columns, colour } = page();
  const lines = findings.flatMap((finding) => findingLines(finding, { columns, colour }));
  console.log(`\n${colour.bold(title)}\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
