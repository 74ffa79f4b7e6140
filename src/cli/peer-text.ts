/**
 * What the other end of a tunnel has to be set to, as a person types it into a form: Neutron's words, with those that other products use for them.
 * The rule: nothing secret; where the PSK is, and not what it is.
 */
import type { Endpoint, ExternalEnd } from '../client/index.js';
import { table } from './result-text.js';
import { proposalsOf } from './swanctl.js';

/** `psk`: where it is, in words. */
export function peerText(end: ExternalEnd, psk: string): string {
  const { ours, theirs, ike, ipsec, connection } = end;
  const proposals = proposalsOf(end);
  return [
    `${theirs.site}, the other end of ${end.link} of VPN ${end.vpn}, is to be set to this. Our connection in ${end.region} is ${end.status}.`,
    ...block(`There (${theirs.site})`, endpointRows(theirs)),
    ...block(`Here (${ours.site}), its peer`, endpointRows(ours)),
    ...block('IKE (phase 1)', [
      ['version', `IKE${ike.version}${ike.version === 'v1' ? `, ${ike.mode} mode` : ''}`],
      ...transformRows(ike, 'Diffie-Hellman group'),
      ['strongSwan writes it', proposals.ike],
    ]),
    ...block('IPsec (phase 2)', [
      ['protocol', `${ipsec.protocol.toUpperCase()}, ${ipsec.encapsulation} mode`],
      ...transformRows(ipsec, 'perfect forward secrecy'),
      ['strongSwan writes it', proposals.ipsec],
    ]),
    ...block('Connection', [
      ['authentication', 'pre-shared key'],
      ['pre-shared key', psk],
      [
        'begins the tunnel',
        connection.initiator === 'response-only'
          ? `${theirs.site} alone`
          : `${theirs.site}; ${ours.site} calls as well`,
      ],
      ['dead peer detection', dpdText(connection)],
    ]),
    '',
    'Let UDP 500 and 4500 and ESP pass between the two addresses, and ICMP "fragmentation needed" to the hosts behind both.',
  ].join('\n');
}

function block(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return ['', title, ...table(rows)];
}

function endpointRows({ address, id, cidrs }: Endpoint): readonly (readonly string[])[] {
  return [
    ['address', address],
    ['id', id],
    ['networks', cidrs.join(', ')],
  ];
}

function transformRows(
  { encryption, auth, pfs, lifetimeSeconds }: ExternalEnd['ike'] | ExternalEnd['ipsec'],
  group: string,
): readonly (readonly string[])[] {
  return [
    ['encryption', encryption],
    ['integrity', auth],
    [group, pfs],
    ['lifetime', `${lifetimeSeconds} s`],
  ];
}

function dpdText({ dpd }: ExternalEnd['connection']): string {
  return dpd.action === 'disabled'
    ? 'off'
    : `every ${dpd.intervalSeconds} s, dead after ${dpd.timeoutSeconds} s; then ${dpd.action}`;
}
