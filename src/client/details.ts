/**
 * What the Temporal UI shows of a run above its progress, from its start on: what was asked for, by whom, and which commands tell more.
 * The rule: Markdown, small (Temporal's limit is 20 KB), and nothing secret: of a PSK, where it comes from.
 */
import type { PskSource, SiteSpec, VpnSpec } from '../spec/types.js';

/** Of a run that provisions. */
export function provisionDetails(spec: VpnSpec, requestedBy: string): string {
  const external = spec.links.flatMap(({ ends }) => ends.flatMap((end) => end.external ?? []));
  return [
    '| site | region | cloud | network |',
    '|---|---|---|---|',
    ...spec.sites.map(
      (site) => `| ${site.key} | ${site.region} | ${site.cloud ?? "the worker's own"} | ${networkOf(site)} |`,
    ),
    ...external.map(({ site, address, cidrs }) => `| ${site} | external, ${address} | | ${cidrs.join(', ')} |`),
    '',
    `Proven by: ${spec.check.via}. PSK: ${pskOf(spec.psk)}. On failure: ${spec.onFailure}.`,
    '',
    ...askedFor(spec.name, requestedBy),
  ].join('\n');
}

/** Of a run that removes. `what`: in words. */
export function removalDetails(vpn: string, what: string, requestedBy: string): string {
  return [what, '', ...askedFor(vpn, requestedBy)].join('\n');
}

function networkOf({ network }: SiteSpec): string {
  if (network.kind === 'created') return network.subnets.map(({ cidr }) => cidr).join(', ');
  return `existing: router ${network.router}, ${network.subnets.join(', ')}`;
}

function pskOf(psk: PskSource): string {
  if (psk.from === 'generated') return 'generated';
  return psk.from === 'env' ? `from the worker's variable ${psk.name}` : `from the worker's file ${psk.path}`;
}

function askedFor(vpn: string, requestedBy: string): readonly string[] {
  return [
    `Asked for by ${requestedBy || 'someone unnamed'}. To end it, **cancel** it, which rolls back; never terminate it, which leaves all as it stands.`,
    '',
    `\`regionlink status ${vpn} --watch\` follows it, \`regionlink history ${vpn}\` is its audit.`,
  ];
}
