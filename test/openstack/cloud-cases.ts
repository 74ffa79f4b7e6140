/**
 * Configurations that openstacksdk and we are given alike: one for every row of what can be said and every place where it can stand, and any mix of them.
 * The rule: openstacksdk makes something of each; what only we refuse, or only we take, stands in `clouds-config.test.ts`.
 */
import fc from 'fast-check';
import type { Configuration } from './configurations.js';

const USER = { username: 'demo', password: 'p4ss', user_domain_name: 'Users' };
const PROJECT = { project_name: 'vpn', project_domain_name: 'Projects' };
const AUTH = { auth_url: 'https://keystone:5000/v3', ...USER, ...PROJECT };
const LOGIN = Object.fromEntries(Object.entries(AUTH).map(([key, value]) => [`OS_${key.toUpperCase()}`, value]));

/** One cloud, in the home's clouds.yaml. */
const entry = (one: unknown, more: Configuration = {}): Configuration => ({
  ...more,
  files: { 'home/.config/openstack/clouds.yaml': { clouds: { mine: one } }, ...more.files },
});
const cloud = (more: object) => entry({ auth: AUTH, ...more });
const auth = (more: object) => entry({ auth: { ...AUTH, ...more } });
const found = (region: string) => ({ clouds: { mine: { auth: AUTH, region_name: region } } });
const PEM = { 'ca.pem': 'of the CA', 'home/client.pem': 'of the client', 'work/client.key': 'its key' };
const ACCESS = { auth_url: AUTH.auth_url, application_credential_secret: 'app-s3cret' };
const APP = 'v3applicationcredential';

export const CASES: Readonly<Record<string, Configuration>> = {
  'a password': cloud({}),
  'OS_CLIENT_CONFIG_FILE before the working directory': {
    files: { 'elsewhere.yaml': found('named'), 'work/clouds.yaml': found('work') },
    env: { OS_CLIENT_CONFIG_FILE: '{folder}/elsewhere.yaml' },
  },
  'a file that is named and is not there gives way': {
    files: { 'work/clouds.yaml': found('work') },
    env: { OS_CLIENT_CONFIG_FILE: '{folder}/nothing.yaml' },
  },
  'the working directory before the home': {
    files: { 'work/clouds.yaml': found('work'), 'home/.config/openstack/clouds.yaml': found('home') },
  },
  'XDG_CONFIG_HOME before ~/.config': {
    files: { 'xdg/openstack/clouds.yaml': found('xdg'), 'home/.config/openstack/clouds.yaml': found('home') },
    env: { XDG_CONFIG_HOME: '{folder}/xdg' },
  },
  '~/.config beside XDG_CONFIG_HOME': {
    files: { 'home/.config/openstack/clouds.yaml': found('home') },
    env: { XDG_CONFIG_HOME: '{folder}/xdg' },
  },
  "the site's folder after the home": { files: { 'site/openstack/clouds.yaml': found('site') } },
  '.yaml before .yml before .json': {
    files: { 'work/clouds.json': JSON.stringify(found('json')), 'work/clouds.yml': found('yml') },
  },
  '.json': { files: { 'work/clouds.json': JSON.stringify(found('json')) } },
  'what is no file gives way': { files: { 'work/clouds.yaml/a': '', 'work/clouds.yml': found('yml') } },
  'secure.yaml from its own search': entry(
    { auth: { ...AUTH, password: 'old' } },
    { files: { 'work/secure.yaml': { clouds: { mine: { auth: { password: 's3cure' }, region_name: 'sec' } } } } },
  ),
  OS_CLIENT_SECURE_FILE: entry(
    { auth: AUTH },
    {
      files: {
        'work/secure.yaml': { clouds: { mine: { auth: { password: 'work' } } } },
        'other.yaml': { clouds: { mine: { auth: { password: 'other' } } } },
      },
      env: { OS_CLIENT_SECURE_FILE: '{folder}/other.yaml' },
    },
  ),
  'a cloud of secure.yaml alone': { files: { 'work/secure.yaml': { clouds: { hidden: { auth: AUTH } } } } },
  'an empty clouds.yaml beside variables': { files: { 'work/clouds.yaml': '' }, env: LOGIN },
  'a profile of clouds-public.yaml': entry(
    { profile: 'vendor', auth: { ...USER, ...PROJECT } },
    {
      files: {
        'work/clouds-public.yaml': {
          'public-clouds': {
            vendor: { auth: { auth_url: 'https://vendor/v3', user_domain_name: 'V' }, regions: ['one', 'two'] },
          },
        },
      },
      region: 'two',
    },
  ),
  'a profile by its old name, overridden': entry(
    { cloud: 'vendor', interface: 'admin', region_name: 'mine', auth: { ...USER, ...PROJECT } },
    {
      files: {
        'work/clouds-public.yaml': {
          'public-clouds': {
            vendor: { auth: { auth_url: 'https://vendor' }, interface: 'internal', region_name: 'v' },
          },
        },
      },
    },
  ),
  OS_CLOUD: {
    files: { 'work/clouds.yaml': { clouds: { a: { auth: AUTH }, b: { auth: AUTH } } } },
    env: { OS_CLOUD: 'b' },
  },
  'a cloud by name': {
    files: { 'work/clouds.yaml': { clouds: { a: { auth: AUTH }, b: { auth: AUTH } } } },
    cloud: 'a',
  },
  'variables before the only entry': { ...entry({ auth: { ...AUTH, password: 'file' } }), env: LOGIN },
  'OS_CLOUD before variables': { ...cloud({}), env: { ...LOGIN, OS_CLOUD: 'mine' } },
  OS_CLOUD_NAME: { env: { ...LOGIN, OS_CLOUD_NAME: 'mine' }, cloud: 'mine' },
  'variables of all kinds': {
    files: PEM,
    env: {
      ...LOGIN,
      OS_INTERFACE: 'internal',
      OS_CACERT: '{folder}/ca.pem',
      OS_CERT: '~/client.pem',
      OS_KEY: 'client.key',
      OS_IDENTITY_API_VERSION: '3',
      OS_NETWORK_ENDPOINT_OVERRIDE: 'https://net:9696',
      OS_API_TIMEOUT: '7',
      OS_NAME: 'an operating system',
    },
  },
  'older variables': {
    env: {
      OS_AUTH_URL: 'https://keystone:5000/v3/',
      OS_USER_ID: 'u1',
      OS_PASSWORD: 'p4ss',
      OS_TENANT_ID: 't1',
      OS_ENDPOINT_TYPE: 'adminURL',
      OS_INSECURE: 'True',
    },
  },
  OS_TOKEN: { env: { OS_AUTH_TYPE: 'v3token', OS_AUTH_URL: AUTH.auth_url, OS_TOKEN: 't0ken', OS_PROJECT_ID: 'p1' } },
  'a list of regions': { ...cloud({ regions: ['one', 'two'], region_name: 'three' }), region: 'two' },
  'the first of its regions': cloud({ regions: ['one', 'two'] }),
  'regions with values': {
    ...cloud({
      regions: [
        'one',
        {
          name: 'two',
          values: {
            auth: { project_name: 'other' },
            interface: 'internal',
            'network-endpoint-override': 'https://two.net',
            compute_endpoint_override: 'https://two.compute',
            api_timeout: null,
          },
        },
      ],
      api_timeout: 9,
    }),
    region: 'two',
  },
  'regions with commas': { ...cloud({ region_name: 'one,two' }), region: 'two' },
  'a list of region names': { ...cloud({ region_name: ['one', 'two'] }), region: 'two' },
  'the region in addresses': {
    ...entry({
      auth: { ...AUTH, auth_url: 'https://{region_name}.{zone}:5000' },
      zone: 'cloud',
      regions: ['one', 'two'],
      image_endpoint_override: 'https://image.{region_name}',
    }),
    region: 'two',
  },
  'an interface by its old names': cloud({ endpoint_type: 'internalURL', compute_endpoint_type: 'admin' }),
  'interfaces in order of preference': cloud({ interface: ['internal', 'public'], image_interface: 'public' }),
  'an interface that is null': cloud({ interface: null }),
  'addresses of services': cloud({
    network_endpoint_override: 'https://net:9696',
    compute_endpoint: 'https://compute/v2.1/%(project_id)s',
    image_endpoint: 'https://img/v2',
    network_endpoint: 'https://not-this',
  }),
  'regions, types and interfaces of services': cloud({
    region_name: 'one',
    network_region_name: 'net',
    compute_region_name: 'com',
    image_region_name: 'img',
    network_service_type: 'sdn',
    compute_service_type: 'computev21',
    image_service_type: 'imagev2',
    network_interface: 'internal',
    compute_interface: 'admin',
    network_endpoint_type: 'admin',
    image_endpoint_type: 'internal',
  }),
  'versions of services': cloud({
    identity_api_version: 3,
    network_api_version: '2.0',
    compute_api_version: 2.1,
    image_api_version: 2,
    volume_api_version: 3,
  }),
  'an address without a version, with a slash': auth({ auth_url: 'https://keystone:5000/' }),
  'an address behind a path': auth({ auth_url: 'https://host/identity' }),
  v3password: cloud({ auth_type: 'v3password' }),
  'ids for names': entry({ auth: { auth_url: AUTH.auth_url, user_id: 'u1', password: 'p', project_id: 'p1' } }),
  'ids beside names': auth({ user_id: 'u1', project_id: 'p1' }),
  'ids of domains beside names': auth({ user_domain_id: 'ud', project_domain_id: 'pd' }),
  'one domain for both': entry({
    auth: { auth_url: AUTH.auth_url, username: 'u', password: 'p', project_name: 'x', domain_name: 'D' },
  }),
  'one domain by id, beside auth': entry({
    auth: { auth_url: AUTH.auth_url, username: 'u', password: 'p', project_name: 'x' },
    domain_id: 'did',
  }),
  'one domain for what has none': entry({
    auth: {
      auth_url: AUTH.auth_url,
      username: 'u',
      password: 'p',
      project_name: 'x',
      user_domain_name: 'U',
      domain_name: 'D',
    },
  }),
  'default domains': entry({
    auth: { auth_url: AUTH.auth_url, username: 'u', password: 'p', project_name: 'x', default_domain_name: 'D' },
  }),
  'a default domain by id': auth({ default_domain_id: 'did' }),
  tenants: entry({ auth: { auth_url: AUTH.auth_url, ...USER, tenant_name: 'old', project_domain_name: 'P' } }),
  'tenants beside projects': auth({ tenant_name: 'old', tenant_id: 'old-id', project_id: 'p1' }),
  'a user by its old name': entry({
    auth: { auth_url: AUTH.auth_url, user_name: 'u', password: 'p', user_domain_name: 'U', ...PROJECT },
  }),
  'dashes for underscores': entry({
    auth: { 'auth-url': 'https://k/v3', username: 'u', password: 'p', 'user-domain-name': 'U', 'project-id': 'p1' },
    'region-name': 'one',
    'network-endpoint-override': 'https://net',
  }),
  'everything beside auth': entry({ ...AUTH }),
  'twice: a project beside auth wins, a user inside': entry({ auth: AUTH, project_name: 'beside', username: 'beside' }),
  'an application credential by id': entry({ auth_type: APP, auth: { ...ACCESS, application_credential_id: 'a1' } }),
  'an application credential by name': entry({
    auth_type: APP,
    auth: { ...ACCESS, application_credential_name: 'app', username: 'demo', user_domain_name: 'Users' },
  }),
  'an application credential by name, its user by id': entry({
    auth_type: APP,
    auth: { ...ACCESS, application_credential_name: 'app', user_id: 'u1' },
  }),
  'a token': entry({ auth_type: 'token', auth: { auth_url: AUTH.auth_url, token: 't0ken', ...PROJECT } }),
  'a token by its old name': entry({
    auth_type: 'v3token',
    auth: { auth_url: AUTH.auth_url, auth_token: 't0ken', ...PROJECT },
  }),
  'verify: false': { ...cloud({ verify: false, cacert: '{folder}/ca.pem' }) },
  'verify: no, as YAML 1.1 has it': {
    files: { 'work/clouds.yaml': `clouds: {mine: {verify: no, auth: ${JSON.stringify(AUTH)}}}` },
  },
  insecure: cloud({ insecure: true }),
  'insecure: "TRUE"': cloud({ insecure: 'TRUE' }),
  'insecure: "false"': cloud({ insecure: 'false' }),
  'a CA': entry({ auth: AUTH, cacert: '{folder}/ca.pem' }, { files: PEM }),
  'a CA and a client certificate': entry(
    { auth: AUTH, cacert: '../ca.pem', cert: '~/client.pem', key: 'client.key' },
    { files: PEM },
  ),
  'a certificate and its key in one file': entry({ auth: AUTH, cert: '~/client.pem' }, { files: PEM }),
  api_timeout: cloud({ api_timeout: 5 }),
  'api_timeout: 0 is none': cloud({ api_timeout: 0 }),
  'a timeout by an old name': cloud({ api_timeout: 5, compute_timeout: 12 }),
  'numbers, which are texts': {
    files: {
      'work/clouds.yaml': `clouds: {mine: {auth: {auth_url: "https://k", username: y, password: 12345, user_domain_id: 1234567890e12345678901234567890,
        project_id: 12345678901234567890123456789012}}}`,
    },
  },
  'an anchor that is merged': {
    files: {
      'work/clouds.yaml': `base: &base {auth: ${JSON.stringify(AUTH)}, region_name: one}\nclouds: {mine: {<<: *base, region_name: two}}`,
    },
  },
  'settings of other services and of Python': cloud({
    volume_api_version: 3,
    image_format: 'raw',
    floating_ip_source: 'neutron',
    networks: [{ name: 'ext-net', routes_externally: true }],
  }),
};

/** Any mix of where keys stand and how they are written. */
const text = fc.constantFrom('a', 'b-2', 'C d', '3', '00', 'é', '1e3', 'yes', '#x');
const some = (keys: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...keys), text, { maxKeys: 4 }) as fc.Arbitrary<Record<string, string>>;
const INSIDE = ['username', 'password', 'user_id', 'user_domain_id', 'user-domain-name', 'project_id', 'project_name'];
const DOMAINS = [
  'project_domain_id',
  'project_domain_name',
  'domain_id',
  'domain_name',
  'tenant_name',
  'default_domain_id',
];
const OUTSIDE = [
  'compute_service_type',
  'network_region_name',
  'image-service-type',
  'username',
  'project_id',
  'tenant_id',
];
const face = fc.constantFrom('public', 'internal', 'admin', 'internalURL');
const faces = fc.dictionary(
  fc.constantFrom('interface', 'endpoint_type', 'network_interface', 'image_endpoint_type'),
  face,
);
const layer = fc.record({ auth: some([...INSIDE, ...DOMAINS]), outside: some(OUTSIDE), faces });
export const mixed: fc.Arbitrary<Configuration> = fc
  .tuple(layer, layer, layer, layer)
  .map(([profile, own, secure, region]) => {
    const flat = ({ auth, outside, faces }: typeof own) => ({ ...outside, ...faces, auth });
    return {
      region: 'two',
      files: {
        'work/clouds-public.yaml': {
          'public-clouds': { vendor: { ...flat(profile), auth: { ...AUTH, ...profile.auth } } },
        },
        'work/clouds.yaml': {
          clouds: {
            mine: { profile: 'vendor', ...flat(own), regions: ['one', { name: 'two', values: flat(region) }] },
          },
        },
        'work/secure.yaml': { clouds: { mine: flat(secure) } },
      },
    };
  });
