import { createPrivateKey, randomBytes } from 'node:crypto';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { loginScript, readConsole } from '../../src/activities/check-script.js';
import { KeyRing } from '../../src/activities/key-ring.js';
import { formatMark, MARK_LIMIT, parseMark } from '../../src/activities/mark.js';
import { makeGuest } from '../simulator/guests.js';

const RUN = '01a20e87-0f7e-7003-a300-0fa557300e77';

describe('owner marks', () => {
  test('what is written is read back', () => {
    const mark = {
      owner: 'acme@default',
      vpn: 'left-right',
      step: 'left~right/left/siteConnection',
      run: RUN,
      nonce: 'abcdef0123456789',
      key: '12345678',
    };
    expect(parseMark(formatMark(mark))).toEqual(mark);
  });

  test("the user's own words stand behind it, and say nothing of whose it is", () => {
    const mark = { owner: 'acme@default', vpn: 'v', step: 'left/ikePolicy', run: RUN };
    for (const note of ['for billing', 'owner=x run=y', '-- regionlink owner=x step=s run=r', ' -- twice -- ', '-']) {
      const text = formatMark({ ...mark, note });
      expect(parseMark(text)).toEqual({ ...mark, note });
      expect(text.startsWith(`${formatMark(mark)} -- `)).toBe(true);
      // By themselves they are nobody's mark.
      expect(parseMark(note)).toBeUndefined();
    }
    expect(formatMark({ ...mark, note: '' })).toBe(formatMark(mark));
  });

  test.each([
    '',
    'a network',
    'regionlink',
    'regionlink owner=a',
    'regionlink owner=a step=b run=c extra=d',
    'xregionlink owner=a step=b run=c',
    'regionlink owner=a owner=b step=c run=d',
  ])('"%s" is nobody’s mark', (text) => {
    expect(parseMark(text)).toBeUndefined();
  });

  test('one that does not fit is refused, not cut', () => {
    expect(() => formatMark({ owner: 'o'.repeat(MARK_LIMIT), step: 's', run: RUN })).toThrow(RangeError);
  });
});

describe('generated keys', () => {
  const secret = randomBytes(32).toString('base64');
  const parts = { owner: 'acme@default', vpn: 'v', link: 'left~right', nonce: 'n1' };

  test('are 40 letters and digits, the same on every worker with the key', () => {
    const [one, other] = [KeyRing.parse(secret), KeyRing.parse(secret)];
    const psk = one.psk(one.currentId, parts);
    expect(psk).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(other.psk(other.currentId, parts)).toBe(psk);
  });

  test.each(['owner', 'vpn', 'link', 'nonce'] as const)('differ by %s', (part) => {
    const ring = KeyRing.parse(secret);
    expect(ring.psk(ring.currentId, { ...parts, [part]: 'another' })).not.toBe(ring.psk(ring.currentId, parts));
  });

  test('of SSH: an ECDSA key that SSH takes, the same on every worker with the master key, another for each run', () => {
    const [one, other] = [KeyRing.parse(secret), KeyRing.parse(secret)];
    const key = one.sshKey(one.currentId, parts);
    expect(other.sshKey(other.currentId, parts)).toEqual(key);
    const parsed = ssh2.utils.parseKey(key?.privateKey ?? '');
    if (parsed instanceof Error) throw parsed;
    expect(parsed.type).toBe('ecdsa-sha2-nistp256');
    expect(`${parsed.type} ${parsed.getPublicSSH().toString('base64')}`).toBe(key?.publicKey);
    expect(createPrivateKey(key?.privateKey ?? '').asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    for (const part of ['owner', 'vpn', 'nonce'] as const)
      expect(one.sshKey(one.currentId, { ...parts, [part]: 'another' })?.publicKey).not.toBe(key?.publicKey);
    expect(one.sshKey('00000000', parts)).toBeUndefined();
  });

  test('of SSH are what they have always been, so that a new release logs in to the VMs of a run that is open', () => {
    const ring = KeyRing.parse('00'.repeat(32));
    expect(ring.sshKey(ring.currentId, parts)?.publicKey).toBe(
      'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAf9McHwmgVI+eghnfHlkpDoeSXRSatRgbSKpPzGT9ssD99o5vP3CEkDNT9czTy1oV3xbZzSseNNtvw3KAd3po4=',
    );
  });

  test('an old key stays usable in the ring, an unknown one gives nothing', () => {
    const old = KeyRing.parse(secret);
    const ring = KeyRing.parse(`${randomBytes(32).toString('hex')}\n${secret}`);
    expect(ring.currentId).not.toBe(old.currentId);
    expect(ring.psk(old.currentId, parts)).toBe(old.psk(old.currentId, parts));
    expect(old.psk(ring.currentId, parts)).toBeUndefined();
  });

  test('seal a secret for one place alone: nobody else reads it, and who alters it gets nothing', () => {
    const ring = KeyRing.parse(secret);
    const sealed = ring.seal('hunter2-hunter2', 'here');
    expect(sealed).not.toContain('hunter2');
    expect(ring.seal('hunter2-hunter2', 'here')).not.toBe(sealed);
    expect(KeyRing.parse(`${randomBytes(32).toString('hex')}\n${secret}`).open(sealed, 'here')).toBe('hunter2-hunter2');
    expect(KeyRing.parse(randomBytes(32).toString('base64')).open(sealed, 'here')).toBeUndefined();
    expect(() => ring.open(sealed, 'there')).toThrow();
    const [keyId, salt, text = '', tag] = sealed.split('.');
    const altered = `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
    expect(() => ring.open([keyId, salt, altered, tag].join('.'), 'here')).toThrow();
    expect(() => ring.open([keyId, salt, text, tag?.slice(0, 6)].join('.'), 'here')).toThrow();
  });

  test.each(['', 'c2hvcnQ='])('"%s" is refused, with the way to make one', (text) => {
    expect(() => KeyRing.parse(text)).toThrow(/openssl rand -base64 32/);
  });
});

describe('user data that lets a key in', () => {
  test.each(['iputils', 'busybox'] as const)(
    'on %s: the key is added, modes are what SSH wants, and the console tells',
    async (userSpace) => {
      const publicKey = 'ecdsa-sha2-nistp256 AAAA';
      const user = userSpace === 'busybox' ? 'cirros' : 'ubuntu';
      const guest = makeGuest({ userData: loginScript({ nonce: RUN, site: 'left', user, publicKey }) }, { userSpace });
      await guest.finished;
      const { stdout } = await guest.exec('ls -ld ~/.ssh ~/.ssh/authorized_keys | cut -c1-10');
      expect(stdout).toBe('drwx------\n-rw-------\n');
      expect(guest.authorizedKeys(user)).toEqual(['ssh-ed25519 AAAA user@host', publicKey]);
      expect(readConsole(guest.console.text(), RUN, 'left', 'right').started).toBe(true);
      guest.stop();
      expect(guest.faults).toEqual([]);
    },
  );
});

describe('a console is read as it comes', () => {
  const tag = `regionlink-check ${RUN} left`;
  test.each([
    [
      'iputils',
      '5 packets transmitted, 5 received, 0% packet loss, time 4005ms rtt min/avg/max/mdev = 1.1/2.2/3.3/0.4 ms',
    ],
    ['busybox', '5 packets transmitted, 5 packets received, 0% packet loss round-trip min/avg/max = 1.1/2.2/3.3 ms'],
  ])('%s', (_, summary) => {
    const text = `[    1.0] kernel\ncloud-init[7]: ${tag} start\n${tag} right 3 begin\n[   12.3] cloud-init[7]: ${tag} right 3 end ${summary}\n${tag} right 4 begin\n`;
    expect(readConsole(text, RUN, 'left', 'right')).toEqual({
      started: true,
      begun: 4,
      measured: [{ sequence: 3, sent: 5, received: 5, lossPercent: 0, rtt: { min: 1.1, avg: 2.2, max: 3.3 } }],
    });
  });

  test("another run's lines, and lost pings without times, count for nothing", () => {
    const text = `regionlink-check other left start\n${tag} right 1 begin\n${tag} right 1 end 5 packets transmitted, 0 received, 100% packet loss\n`;
    expect(readConsole(text, RUN, 'left', 'right').measured).toEqual([]);
    expect(readConsole(text, 'third', 'left', 'right').started).toBe(false);
  });
});
