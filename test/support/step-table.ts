/** Prints the README's generated parts: the step table. `test/docs.test.ts` holds the README to it. */
import { KINDS } from '../../src/graph/kinds.js';

/** A row a kind: what it is, the API call that makes it, and the one that undoes it. */
export function stepTable(): string {
  const rows = Object.entries(KINDS).map(
    ([kind, { noun, call, undo }]) => `| \`${kind}\` | ${noun} | \`${call}\` | \`${undo}\` |`,
  );
  const acts = [
    '| `ping` | ping both ways between the test VMs | `POST /v2.1/servers/{id}/action os-getConsoleOutput`, or SSH | none: reads only, but for the nudges below |',
    '| `awaitTunnel` | both connections ACTIVE | `GET /v2.0/vpn/ipsec-site-connections` | none: reads only, but for the nudges below |',
  ];
  return ['| step | what | API call | undo |', '|---|---|---|---|', ...rows, ...acts].join('\n');
}
