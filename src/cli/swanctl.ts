/**
 * The other end of a tunnel as a `swanctl.conf` of strongSwan: https://docs.strongswan.org/docs/latest/swanctl/swanctlConf.html
 * The rule: it offers what our end offers and nothing else, so that what comes up is what the spec says; the PSK is in a file of its own.
 */
import type { ExternalEnd } from '../client/index.js';

/** Neutron's groups by strongSwan's keywords: https://docs.strongswan.org/docs/latest/config/proposals.html. Ciphers and hashes differ by their hyphens only. */
const GROUPS: Readonly<Record<string, string>> = {
  group2: 'modp1024',
  group5: 'modp1536',
  group14: 'modp2048',
  group15: 'modp3072',
  group16: 'modp4096',
  group17: 'modp6144',
  group18: 'modp8192',
  group19: 'ecp256',
  group20: 'ecp384',
  group21: 'ecp521',
  group22: 'modp1024s160',
  group23: 'modp2048s224',
  group24: 'modp2048s256',
  group25: 'ecp192',
  group26: 'ecp224',
  group27: 'ecp224bp',
  group28: 'ecp256bp',
  group29: 'ecp384bp',
  group30: 'ecp512bp',
  group31: 'curve25519',
};

/** What the other end does once ours is silent. `restart`, which releases from 5.9.6 also call `start`, is known to all. */
const DPD_ACTIONS: Readonly<Record<string, string>> = {
  hold: 'trap',
  clear: 'clear',
  restart: 'restart',
  'restart-by-peer': 'restart',
};

/** New keys are made when nine tenths of their lifetime are over, so that none is used beyond it. */
const REKEY_AT = 0.9;

/** The proposals of both phases. A cipher that authenticates by itself needs no hash; IKE then takes it for its pseudo-random function. */
export function proposalsOf({ ike, ipsec }: Pick<ExternalEnd, 'ike' | 'ipsec'>): {
  readonly ike: string;
  readonly ipsec: string;
} {
  const hash = ipsec.protocol === 'esp' && isAead(ipsec.encryption) ? [] : [keyword(ipsec.auth)];
  return {
    ike: [keyword(ike.encryption), `${isAead(ike.encryption) ? 'prf' : ''}${keyword(ike.auth)}`, groupOf(ike.pfs)].join(
      '-',
    ),
    ipsec: [...(ipsec.protocol === 'esp' ? [keyword(ipsec.encryption)] : []), ...hash, groupOf(ipsec.pfs)].join('-'),
  };
}

function isAead(encryption: string): boolean {
  return /-[cg]cm-/.test(encryption);
}

function keyword(word: string): string {
  return word.replaceAll('-', '');
}

/** A group that no release has yet is left as it is, for a person to see. */
function groupOf(pfs: string): string {
  return GROUPS[pfs] ?? pfs;
}

/** The whole configuration. `secrets`: name of the file that has the PSK, included from beside it. */
export function swanctlConf(end: ExternalEnd, secrets: string | undefined): string {
  const { vpn, ours, theirs, ike, connection } = end;
  const { dpd } = connection;
  return [
    `# ${theirs.site}: the other end of ${end.link} of VPN ${vpn}, from our end in ${end.region}.`,
    '# Put it into /etc/swanctl/conf.d, then: swanctl --load-all',
    ...secretsLines(secrets),
    'connections {',
    `  ${vpn} {`,
    `    version = ${ike.version === 'v1' ? 1 : 2}`,
    ...(ike.version === 'v1' && ike.mode === 'aggressive' ? ['    aggressive = yes'] : []),
    '    # Behind NAT: the own address of this host.',
    `    local_addrs = ${theirs.address}`,
    `    remote_addrs = ${ours.address}`,
    `    proposals = ${proposalsOf(end).ike}`,
    ...lifetimeLines(ike.lifetimeSeconds, 'over_time', ike.lifetimeSeconds * (1 - REKEY_AT)).map(indent(4)),
    ...(dpd.action === 'disabled'
      ? []
      : [`    dpd_delay = ${dpd.intervalSeconds}s`, `    dpd_timeout = ${dpd.timeoutSeconds}s`]),
    '    mobike = no',
    '    # Calls until it is answered.',
    '    keyingtries = 0',
    '    local {',
    '      auth = psk',
    `      id = ${theirs.id}`,
    '    }',
    '    remote {',
    '      auth = psk',
    `      id = ${ours.id}`,
    '    }',
    '    children {',
    ...childrenOf(end).map(indent(6)),
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The file that `swanctlConf` includes. */
export function swanctlSecrets({ vpn, ours, theirs }: ExternalEnd, psk: string): string {
  return [
    'secrets {',
    `  ike-${vpn} {`,
    `    id-1 = ${theirs.id}`,
    `    id-2 = ${ours.id}`,
    `    secret = "${psk}"`,
    '  }',
    '}',
    '',
  ].join('\n');
}

function secretsLines(file: string | undefined): readonly string[] {
  if (file !== undefined) return ['# The PSK, from a file beside this one; mode 0600.', `include ${file}`, ''];
  return [
    '# The PSK is not in here: include a file with its section, such as regionlink peer-config --psk-file writes.',
    '# include psk.secrets',
    '',
  ];
}

/**
 * One child for all ranges, as strongSwan at our end has it. IKEv1 knows one pair of ranges a child, and OpenStack with LibreSwan makes one for each; with
 * strongSwan it has the first pair only.
 */
function childrenOf(end: ExternalEnd): readonly string[] {
  const { ours, theirs, ike } = end;
  if (ike.version === 'v2') return childLines(end, 'net', theirs.cidrs.join(','), ours.cidrs.join(','));
  const pairs = theirs.cidrs.flatMap((local) => ours.cidrs.map((remote) => [local, remote] as const));
  return pairs.flatMap(([local, remote], index) => childLines(end, `net-${index + 1}`, local, remote));
}

function childLines(end: ExternalEnd, name: string, local: string, remote: string): readonly string[] {
  const { ipsec, connection } = end;
  const action = DPD_ACTIONS[connection.dpd.action];
  return [
    `${name} {`,
    `  local_ts = ${local}`,
    `  remote_ts = ${remote}`,
    `  ${ipsec.protocol}_proposals = ${proposalsOf(end).ipsec}`,
    `  mode = ${ipsec.encapsulation}`,
    ...lifetimeLines(ipsec.lifetimeSeconds, 'life_time', ipsec.lifetimeSeconds).map(indent(2)),
    ...(action === undefined ? [] : [`  dpd_action = ${action}`]),
    '  start_action = start',
    '}',
  ];
}

function lifetimeLines(seconds: number, limit: 'over_time' | 'life_time', limitSeconds: number): readonly string[] {
  return [`rekey_time = ${Math.round(seconds * REKEY_AT)}s`, `${limit} = ${Math.round(limitSeconds)}s`];
}

function indent(spaces: number): (line: string) => string {
  return (line) => ' '.repeat(spaces) + line;
}
