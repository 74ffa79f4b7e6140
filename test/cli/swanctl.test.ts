/**
 * The other end of a tunnel in strongSwan's words and in a person's: written out for one end, and every word of Neutron's that may stand in it.
 */
import { describe, expect, test } from 'vitest';
import { peerText } from '../../src/cli/peer-text.js';
import { proposalsOf, swanctlConf, swanctlSecrets } from '../../src/cli/swanctl.js';
import type { ExternalEnd } from '../../src/client/index.js';
import { CRYPTO, PROFILES } from '../../src/spec/crypto.js';

const END: ExternalEnd = {
  vpn: 'to-office',
  link: 'cloud~office',
  region: 'dbl',
  status: 'DOWN',
  ours: { site: 'cloud', address: '172.24.4.10', id: '172.24.4.10', cidrs: ['10.1.0.0/24', '10.1.1.0/24'] },
  theirs: { site: 'office', address: '203.0.113.10', id: 'gw.example.org', cidrs: ['192.168.10.0/24'] },
  ...PROFILES.sound,
  connection: {
    dpd: { action: 'hold', intervalSeconds: 30, timeoutSeconds: 120 },
    mtu: 1500,
    initiator: 'bi-directional',
    adminStateUp: true,
  },
  psk: { owner: 'test@default', nonce: 'n', keyId: 'k' },
};

test('swanctl.conf of an IKEv2 end: one child for all ranges, and the file with the PSK beside it', () => {
  expect(
    swanctlConf(END, 'to-office.secrets'),
  ).toBe(`# office: the other end of cloud~office of VPN to-office, from our end in dbl.
# Put it into /etc/swanctl/conf.d, then: swanctl --load-all
# The PSK, from a file beside this one; mode 0600.
include to-office.secrets

connections {
  to-office {
    version = 2
    # Behind NAT: the own address of this host.
    local_addrs = 203.0.113.10
    remote_addrs = 172.24.4.10
    proposals = aes256-sha256-modp2048
    rekey_time = 3240s
    over_time = 360s
    dpd_delay = 30s
    dpd_timeout = 120s
    mobike = no
    # Calls until it is answered.
    keyingtries = 0
    local {
      auth = psk
      id = gw.example.org
    }
    remote {
      auth = psk
      id = 172.24.4.10
    }
    children {
      net {
        local_ts = 192.168.10.0/24
        remote_ts = 10.1.0.0/24,10.1.1.0/24
        esp_proposals = aes256-sha256-modp2048
        mode = tunnel
        rekey_time = 3240s
        life_time = 3600s
        dpd_action = trap
        start_action = start
      }
    }
  }
}
`);
});

test('its PSK has a section of its own, for both ids', () => {
  expect(swanctlSecrets(END, 'AbC123')).toBe(`secrets {
  ike-to-office {
    id-1 = gw.example.org
    id-2 = 172.24.4.10
    secret = "AbC123"
  }
}
`);
});

test('without a file for the PSK it says that one is to be included', () => {
  const conf = swanctlConf(END, undefined);
  expect(conf).toContain('# include ');
  expect(conf).not.toMatch(/^ *(include|secret)/m);
});

test('IKEv1 has a child for each pair of ranges, and its modes', () => {
  const conf = swanctlConf(
    { ...END, ...PROFILES.tutorial, ike: { ...PROFILES.tutorial.ike, mode: 'aggressive' } },
    'x',
  );
  expect(conf).toContain('version = 1\n    aggressive = yes');
  expect(conf.match(/^ {6}net-\d \{|(local|remote)_ts = \S+/gm)).toEqual([
    '      net-1 {',
    'local_ts = 192.168.10.0/24',
    'remote_ts = 10.1.0.0/24',
    '      net-2 {',
    'local_ts = 192.168.10.0/24',
    'remote_ts = 10.1.1.0/24',
  ]);
});

test('without dead peer detection it says nothing of it', () => {
  const dpd = { action: 'disabled', intervalSeconds: 30, timeoutSeconds: 120 };
  expect(swanctlConf({ ...END, connection: { ...END.connection, dpd } }, 'x')).not.toContain('dpd');
});

describe('proposals', () => {
  const both = (encryption: string, auth: string, pfs: string, protocol: 'esp' | 'ah' = 'esp') => {
    const transform = { encryption, auth, pfs };
    const { ike, ipsec } = proposalsOf({
      ike: { ...END.ike, ...transform },
      ipsec: { ...END.ipsec, ...transform, protocol },
    });
    return [ike, ipsec];
  };

  test.each([
    [both('3des', 'sha1', 'group2'), ['3des-sha1-modp1024', '3des-sha1-modp1024']],
    [both('aes-128-ctr', 'sha512', 'group21'), ['aes128ctr-sha512-ecp521', 'aes128ctr-sha512-ecp521']],
    // A cipher that authenticates by itself: RFC 5282 for IKE, RFC 4106 for ESP.
    [both('aes-256-gcm-16', 'sha384', 'group31'), ['aes256gcm16-prfsha384-curve25519', 'aes256gcm16-curve25519']],
    [both('aes-192-ccm-8', 'aes-xcbc', 'group15'), ['aes192ccm8-prfaesxcbc-modp3072', 'aes192ccm8-modp3072']],
    [both('aes-256', 'aes-cmac', 'group14', 'ah'), ['aes256-aescmac-modp2048', 'aescmac-modp2048']],
    [both('aes-256-gcm-16', 'sha256', 'group14', 'ah'), ['aes256gcm16-prfsha256-modp2048', 'sha256-modp2048']],
  ])('%j', (proposals, wanted) => {
    expect(proposals).toEqual(wanted);
  });

  test('every cipher, hash and group that a spec may say has a keyword', () => {
    for (const encryption of CRYPTO.encryption)
      expect(both(encryption, 'sha256', 'group14')[0]).toMatch(
        /^(3des|aes(128|192|256)(ctr|[cg]cm(8|12|16))?)-(prf)?sha256-modp2048$/,
      );
    for (const auth of CRYPTO.auth)
      expect(both('aes-128', auth, 'group14')[0]).toMatch(/^aes128-(sha(1|256|384|512)|aesxcbc|aescmac)-modp2048$/);
    for (const pfs of CRYPTO.pfs)
      expect(both('aes-128', 'sha256', pfs)[0]).toMatch(/^aes128-sha256-(modp\d+(s\d+)?|ecp\d+(bp)?|curve25519)$/);
  });
});

test('in words: both ends, both phases, and where the PSK is', () => {
  const text = peerText(END, 'in to-office.psk');
  for (const line of [
    /^There \(office\)\n {2}address +203\.0\.113\.10\n {2}id +gw\.example\.org\n {2}networks +192\.168\.10\.0\/24$/m,
    /^Here \(cloud\), its peer\n {2}address +172\.24\.4\.10\n {2}id +172\.24\.4\.10\n {2}networks +10\.1\.0\.0\/24, 10\.1\.1\.0\/24$/m,
    /^ {2}version +IKEv2$/m,
    /^ {2}Diffie-Hellman group +group14$/m,
    /^ {2}protocol +ESP, tunnel mode$/m,
    /^ {2}perfect forward secrecy +group14$/m,
    /^ {2}pre-shared key +in to-office\.psk$/m,
    /^ {2}dead peer detection +every 30 s, dead after 120 s; then hold$/m,
  ])
    expect(text).toMatch(line);
});
