/** The tables of `docs/clouds.md`, out of the keys that are read and refused. `test/docs.test.ts` holds the page to them. */
import { AUTH_KEYS, CLOUD_KEYS, type CloudKey, REFUSED_KEYS, SERVICE_KEYS } from '../../src/openstack/cloud-keys.js';

export const CLOUD_TABLES: readonly string[] = [
  keysTable(AUTH_KEYS),
  keysTable(CLOUD_KEYS),
  keysTable(SERVICE_KEYS, '…_'),
  table(
    ['key', 'instead'],
    Object.entries(REFUSED_KEYS).map(([key, cure]) => [`\`${key}\``, cure]),
  ),
];

function keysTable(keys: Readonly<Record<string, CloudKey>>, before = ''): string {
  const name = (key: string) => `\`${before}${key}\``;
  const rows = Object.entries(keys).map(([key, { means, also = [] }]) => [name(key), means, also.map(name).join(', ')]);
  return table(['key', 'means', 'older name'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
