/** What only we refuse, say or decide about configurations of clouds; what openstacksdk makes of them as well stands in `as-openstacksdk.test.ts`. */
import { describe, expect, test } from 'vitest';
import { REFUSED_KEYS } from '../../src/openstack/cloud-keys.js';
import { CloudConfigError } from '../../src/openstack/errors.js';
import { Secret } from '../../src/openstack/secret.js';
import { type Configuration, load, write } from './configurations.js';

const AUTH = {
  auth_url: 'https://keystone/v3',
  username: 'demo',
  password: 'p4ss-w0rd',
  project_name: 'vpn',
};
const LOGIN = Object.fromEntries(Object.entries(AUTH).map(([key, value]) => [`OS_${key.toUpperCase()}`, value]));

const entry = (one: unknown): Configuration => ({ files: { 'work/clouds.yaml': { clouds: { mine: one } } } });
const cloud = (more: object): Configuration => entry({ auth: AUTH, ...more });
const auth = (more: object): Configuration => entry({ auth: { ...AUTH, ...more } });
const raw = (text: string): Configuration => ({ files: { 'work/clouds.yaml': text } });
const get = (configuration: Configuration) => {
  const written = write(configuration);
  return load(written).get(written.cloud, written.region);
};

/** What is wrong with a configuration. */
function wrong(configuration: Configuration): string {
  try {
    get(configuration);
  } catch (error) {
    expect(error).toBeInstanceOf(CloudConfigError);
    return (error as Error).message;
  }
  return '';
}

describe('one message tells', () => {
  test.each<readonly [string, Configuration, RegExp]>([
    [
      'a file that is no YAML, with its line',
      raw('clouds:\n  mine: {'),
      /work\/clouds\.yaml cannot be read as YAML: line 2/,
    ],
    ['a key that stands twice', raw('clouds:\n  mine: {}\n  mine: {}'), /line 3: Map keys must be unique/],
    ['a file that is a list', raw('- a'), /must be a mapping, with its clouds by name under "clouds"/],
    ['clouds that are a list', raw('clouds: [a]'), /clouds must be a mapping of names/],
    [
      'a cloud without a login',
      entry(null),
      /auth_url is missing.*\n.*username \(or user_id\).*\n.*password.*\n.*project_name/,
    ],
    ['an address that is none', auth({ auth_url: 'keystone:5000' }), /auth_url "keystone:5000" is no http address/],
    ['a Keystone of version 2', auth({ auth_url: 'https://k/v2.0' }), /version 2: write \/v3/],
    [
      'a placeholder without a value',
      auth({ auth_url: 'https://{zone}' }),
      /auth_url "https:\/\/{zone}" has a placeholder/,
    ],
    [
      'an address of a service that is none',
      cloud({ image_endpoint_override: 'img' }),
      /image_endpoint_override "img" is no/,
    ],
    ['an interface that is none', cloud({ network_interface: 'outer' }), /network_interface "outer" is none of public/],
    [
      'a login of another kind',
      cloud({ auth_type: 'v3oidcpassword' }),
      /auth_type "v3oidcpassword" is not supported, only/,
    ],
    [
      'an application credential without its secret',
      cloud({ auth_type: 'v3applicationcredential' }),
      /_secret is missing\n.*_id/,
    ],
    [
      'a key that may be mistyped',
      raw('clouds: { mine: { auth: { auth_url: "http://x/v3", username: u, pasword: p, project_name: p } } }'),
      /password is missing\n.*of no effect, so perhaps mistyped: auth\.pasword/,
    ],
    ['a token that is not there', cloud({ auth_type: 'token' }), /token is missing/],
    [
      'a version of Keystone',
      cloud({ identity_api_version: '2.0' }),
      /identity_api_version "2\.0" is not supported: leave/,
    ],
    ['a version of another service', cloud({ image_api_version: 1 }), /image_api_version "1" is not supported/],
    ['a verify that is a text', cloud({ verify: 'false' }), /verify must be true or false without quotes/],
    ['an insecure that is neither', cloud({ insecure: '1' }), /insecure "1" is neither true nor false/],
    ['a certificate that is not there', cloud({ cacert: 'no.pem' }), /cacert: .*work\/no\.pem cannot be read/],
    ['a key without its certificate', cloud({ key: 'no.pem' }), /key: .*no\.pem cannot be read\n.*cert is missing/],
    ['a timeout that is none', cloud({ api_timeout: 'soon' }), /api_timeout "soon" is no number of seconds/],
    [
      'a region that is none',
      cloud({ regions: [{ name: 'a', vaules: {} }] }),
      /regions\[0\] must be a name, or a mapping/,
    ],
    [
      'a profile that is not known',
      cloud({ profile: 'ovh' }),
      /profile "ovh" is in no clouds-public\.yaml: write its auth_url/,
    ],
    [
      'a number for a text',
      raw('clouds: {mine: {auth: {auth_url: "https://k", username: 0123}}}'),
      /username stands without quotes/,
    ],
    ['a truth for a text', auth({ user_domain_name: true }), /user_domain_name must be a text: put it in quotes/],
    ['a cloud that is not there', { ...cloud({}), cloud: 'other' }, /cloud "other" is not configured; known: mine/],
    [
      'that several are there and none is chosen',
      { files: { 'work/clouds.yaml': { clouds: { a: {}, b: {} } } } },
      /there are a, b/,
    ],
    ['that none is there', {}, /no cloud is chosen and none is configured/],
    [
      'a region that is not listed',
      { ...cloud({ regions: ['a', 'b'] }), region: 'c' },
      /lists no region "c", only a, b: add it/,
    ],
    [
      'a cloud by the name of that of the variables',
      { files: { 'work/clouds.yaml': { clouds: { envvars: {} } } } },
      /has a cloud "envvars", which is the name of the cloud of OS_\* variables: rename it/,
    ],
    ...Object.entries(REFUSED_KEYS).map(
      ([key, cure]) => [key, cloud({ [key]: 'x' }), new RegExp(`- ${key}: ${cure}`)] as const,
    ),
  ])('%s', (_, configuration, message) => {
    expect(wrong(configuration)).toMatch(message);
  });

  test('all that is wrong, together', () => {
    const many = cloud({ insecure: 'so', interface: 'outer', cert: 'no.pem', trust_id: 't', auth_type: 'v3totp' });
    expect(wrong(many).split('\n')).toHaveLength(6);
  });
});

describe('no secret is in a message', () => {
  test.each<readonly [string, Configuration]>([
    ['beside what is wrong', cloud({ interface: 'outer' })],
    ['as a number', raw('clouds: {mine: {auth: {auth_url: "https://k", password: 0777012}}}')],
    ['as an alias', raw('clouds: {mine: {auth: {password: *p4ss-w0rd}}}')],
    ['as a tag', raw('clouds: {mine: {auth: {password: !p4ss-w0rd x}}}')],
    ['in an address', auth({ auth_url: 'https://demo:p4ss-w0rd@keystone/v3' })],
  ])('%s', (_, configuration) => {
    const message = wrong(configuration);
    expect(message).not.toBe('');
    expect(message).not.toMatch(/p4ss-w0rd|0777012|262666/);
  });

  test('nor does it print', () => {
    const secret = new Secret('hidden');
    expect(`${secret} ${JSON.stringify({ secret })}`).not.toContain('hidden');
    expect(secret.reveal()).toBe('hidden');
  });
});

describe('where openstacksdk leaves it open', () => {
  const ACCESS = { auth_url: AUTH.auth_url, application_credential_secret: 's', application_credential_id: 'a' };

  test('a login is what the entry is made for', () => {
    expect(get(entry({ auth: ACCESS })).auth.method).toBe('application_credential');
    expect(get(entry({ auth: { auth_url: AUTH.auth_url, token: 't', project_id: 'p' } })).auth.method).toBe('token');
    expect(get(auth({ token: 't' })).auth.method).toBe('password');
  });

  test('a name without a domain is of the domain `default`, or of the one that default_domain says', () => {
    expect(get(auth({})).auth).toMatchObject({
      user: { domain: { id: 'default' } },
      scope: { domain: { id: 'default' } },
    });
    const ofOther = { user: { domain: { id: 'other' } }, scope: { domain: { id: 'other' } } };
    expect(get({ env: { ...LOGIN, OS_DEFAULT_DOMAIN: 'other' } }).auth).toMatchObject(ofOther);
  });

  test("gophercloud's OS_USERID is the user's id", () => {
    expect(get({ env: { ...LOGIN, OS_USERID: 'u1' } }).auth).toMatchObject({ user: { id: 'u1' } });
  });

  test('OS_REGION_NAME limits nothing, region_name of a file does', () => {
    const ofShell = load(write({ env: { ...LOGIN, OS_REGION_NAME: 'one' } }));
    expect(ofShell.regionsOf('envvars')).toEqual([]);
    expect(ofShell.get(undefined, 'two').name).toBe('envvars');
    const ofFile = load(write(cloud({ region_name: 'one' })));
    expect(ofFile.regionsOf('mine')).toEqual(['one']);
    expect(() => ofFile.get('mine', 'two')).toThrow(/lists no region "two", only one/);
  });

  test('variables that do not say how to log in make no cloud, and are told', () => {
    const clouds = load(
      write({ ...cloud({}), env: { OS_INTERFACE: 'admin', OS_IDENTITY_API_VERSION: '3', OS_NAME: 'x' } }),
    );
    expect(clouds.names).toEqual(['mine']);
    expect(clouds.report().remarks).toEqual([
      'OS_INTERFACE, OS_IDENTITY_API_VERSION: no effect, since no variable says how to log in',
    ]);
  });
});

describe('the report', () => {
  const files = {
    'site/openstack/clouds-public.yaml': { 'public-clouds': { vendor: { auth: { auth_url: AUTH.auth_url } } } },
    'named.yaml': {
      clouds: {
        mine: {
          profile: 'vendor',
          auth: { username: 'demo', project_name: 'vpn' },
          regions: ['one', { name: 'two', values: { interface: 'admin' } }],
          image_format: 'raw',
          regoin_name: 'three',
        },
        broken: {},
      },
    },
    'work/secure.yaml': { clouds: { mine: { auth: { password: AUTH.password } } } },
    'secure.yaml': {},
  };
  const written = write({ files, env: { ...LOGIN, OS_CLIENT_CONFIG_FILE: '{folder}/named.yaml', OS_CLOUD: 'mine' } });
  const folder = written.cwd.replace(/\/work$/, '');
  const report = load(written).report();

  test('tells each file that was found, and where it was looked for', () => {
    expect(report.files.map(({ kind, path }) => [kind, path])).toEqual([
      ['clouds', `${folder}/named.yaml`],
      ['secure', `${folder}/work/secure.yaml`],
      ['clouds-public', `${folder}/site/openstack/clouds-public.yaml`],
    ]);
    expect(report.files[0]?.searched.slice(0, 5)).toEqual([
      `${folder}/named.yaml`,
      `${folder}/work/clouds.yaml`,
      `${folder}/work/clouds.yml`,
      `${folder}/work/clouds.json`,
      `${folder}/home/.config/openstack/clouds.yaml`,
    ]);
  });

  test('tells what is there and is not read', () => {
    expect(report.remarks).toEqual([`${folder}/secure.yaml is not read: name it by OS_CLIENT_SECURE_FILE`]);
    const lost = load(write({ env: { ...LOGIN, OS_CLIENT_CONFIG_FILE: '/nothing.yaml' } })).report();
    expect(lost.remarks).toEqual([
      'OS_CLIENT_CONFIG_FILE names /nothing.yaml, which cannot be read; no other is taken',
    ]);
  });

  test('tells which keys of a cloud each place gives, and which have no effect', () => {
    expect(report.clouds.map(({ name, chosen }) => [name, chosen])).toEqual([
      ['mine', true],
      ['broken', false],
      ['envvars', false],
    ]);
    const [mine, , variables] = report.clouds;
    expect(mine?.places).toEqual([
      { where: `${folder}/site/openstack/clouds-public.yaml, vendor`, keys: ['auth.auth_url'] },
      {
        where: `${folder}/named.yaml`,
        keys: ['profile', 'auth.username', 'auth.project_name', 'regions', 'image_format', 'regoin_name'],
      },
      { where: `${folder}/work/secure.yaml`, keys: ['auth.password'] },
    ]);
    expect(mine?.unused).toEqual(['image_format', 'regoin_name']);
    expect(variables?.places).toEqual([
      { where: 'OS_* variables', keys: ['auth_url', 'username', 'password', 'project_name'] },
    ]);
  });

  test('tells what holds for each region, and what is wrong, without a secret', () => {
    const [mine, broken] = report.clouds;
    const held = {
      auth_type: 'password',
      auth_url: AUTH.auth_url,
      username: 'demo',
      password: '[secret]',
      project_name: 'vpn',
      verify: 'true',
    };
    expect(mine?.regions).toEqual([
      { region: 'one', settings: { ...held, region_name: 'one', interface: 'public' }, problems: [] },
      { region: 'two', settings: { ...held, region_name: 'two', interface: 'admin' }, problems: [] },
    ]);
    expect(broken?.regions[0]?.problems[0]).toMatch(/auth_url is missing/);
    expect(JSON.stringify(report)).not.toContain(AUTH.password);
  });
});
