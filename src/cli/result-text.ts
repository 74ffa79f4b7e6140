/** What was built, as a person reads it: resources with ids, external addresses, statuses, round-trip times. */
import { KINDS } from '../graph/kinds.js';
import type { DestroyResult, Progress, ProvisionResult, RemovedResource, StraySet } from '../workflows/protocol.js';
import { sitesInOrder } from './render.js';

export function provisionText(result: ProvisionResult): string {
  const sites = result.sites.flatMap((site) => [
    '',
    `${site.key} (${site.region}), external address ${site.address}`,
    ...table(site.resources.map((one) => [KINDS[one.kind].noun, one.name, one.id, one.action])),
  ]);
  const links = result.links.flatMap((link) => [
    '',
    `tunnel ${link.key}: ${
      Object.entries(link.statuses)
        .map(([site, status]) => `${status} at ${site}`)
        .join(', ') || 'set down, as the spec says'
    }`,
    ...(link.external === undefined
      ? []
      : [`  ${link.external.site} is external, at ${link.external.address}, with ${link.external.cidrs.join(', ')}`]),
    ...link.ping.map(
      (ping) =>
        `  ping ${endOf(ping.from, ping.subnets?.from)} → ${endOf(ping.to, ping.subnets?.to)} (${ping.address}): ${ping.received} of ${ping.sent} answered, ${ping.lossPercent} % loss, rtt ${ping.rtt.min}/${ping.rtt.avg}/${ping.rtt.max} ms`,
    ),
  ]);
  const external = result.links.flatMap((link) => link.external ?? []);
  const unproven =
    external.length === 0 ? 'check is none' : `nothing can be pinged at ${external.map(({ site }) => site).join(', ')}`;
  const proof = result.proof === 'proven' ? provenText(result) : `not proven: ${unproven}`;
  return [
    `VPN ${result.vpn} stands, ${proof}`,
    ...sites,
    ...links,
    ...removedText(result.removed ?? []),
    ...result.warnings.map((warning) => `\nwarning: ${warning}`),
  ].join('\n');
}

function removedText(removed: readonly RemovedResource[]): readonly string[] {
  if (removed.length === 0) return [];
  return [
    '',
    'no longer needed, and removed:',
    ...table(removed.map((one) => [KINDS[one.kind].noun, one.name, one.id, one.region])),
  ];
}

/** A site, with the range of its subnet where it has several. */
function endOf(site: string, subnet: string | undefined): string {
  return subnet === undefined ? site : `${site} ${subnet}`;
}

function provenText({ links }: ProvisionResult): string {
  const several = links.flatMap((link) => link.ping).filter((ping) => ping.subnets !== undefined);
  const pairs = several.length / 2;
  const between = pairs === 0 ? '' : ` between ${pairs} ${pairs === 1 ? 'pair' : 'pairs'} of subnets`;
  const through = new Set(links.flatMap((link) => link.ping.flatMap((ping) => ping.through ?? [])));
  const how = through.size === 0 ? '' : `, by SSH through ${[...through].join(' and ')}`;
  return `proven by pings both ways${between}${how}`;
}

/** What was removed, region by region; in the order of the sites where the run's progress tells it. */
export function destroyText(result: DestroyResult, progress?: Progress): string {
  if (result.removed.length === 0) return `nothing bears the marks of ${result.vpn}: nothing to remove`;
  const sites = progress === undefined ? [] : sitesInOrder(progress);
  const regions = new Set([...sites, ...result.removed].map((one) => one.region));
  const groups = [...regions].map((region) => ({
    title: sites.flatMap((site) => (site.region === region ? [site.key] : [])).join(', '),
    region,
    own: result.removed.filter((one) => one.region === region),
  }));
  return [
    `VPN ${result.vpn} is gone; removed ${result.removed.length} resources:`,
    ...groups
      .filter(({ own }) => own.length > 0)
      .flatMap(({ title, region, own }) => [
        '',
        title === '' ? region : `${title} (${region})`,
        ...table(own.map((one) => [KINDS[one.kind].noun, one.name, one.id])),
      ]),
  ].join('\n');
}

/** Strays of one VPN or router: why, what, and where. */
export function straysText({ of, strays }: StraySet): string {
  const rows = strays.map(({ why, kind, name, id, region }) => [why, KINDS[kind].noun, name, id, region]);
  return [`${'vpn' in of ? `VPN ${of.vpn}` : `router ${of.router} in ${of.region}`}:`, ...table(rows)].join('\n');
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
