/**
 * The resources of Keystone, Neutron, Nova and Glance as schemas, with the fields that are read here and no more; unknown fields are kept. The types follow.
 * The rule: a field is optional or nullable when any supported release (Zed to 2026.2) leaves it out or sends null; what was recorded of a real cloud must parse.
 */
import { z } from 'zod';

/** An id is put into paths, so it holds nothing that leads elsewhere. */
const id = z.string().regex(/^\w[\w.:-]*$/, 'expected an id');
/** Null, or left out, is an empty text. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const orNull = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const optional = z.string().nullish();

/** `description`: bears the owner mark. `project_id`: empty on what Neutron made for itself. */
const named = { id, name: text, project_id: optional, description: optional };

const network = z.looseObject({
  ...named,
  'router:external': z.boolean().nullish(),
  subnets: z.array(z.string()),
});

const subnet = z.looseObject({
  ...named,
  network_id: id,
  cidr: z.string(),
  gateway_ip: orNull,
  dns_nameservers: z.array(z.string()),
  ip_version: z.number(),
});

/** `external_gateway_info` is null where there is none. Left out is no answer: a gateway set again may change the router's address. */
const router = z.looseObject({
  ...named,
  admin_state_up: z.boolean().nullish(),
  external_gateway_info: z
    .looseObject({
      network_id: z.string(),
      external_fixed_ips: z.array(z.looseObject({ ip_address: z.string() })).optional(),
    })
    .nullable(),
});

const port = z.looseObject({
  ...named,
  network_id: z.string(),
  device_id: text,
  device_owner: text,
  status: text,
  fixed_ips: z.array(z.looseObject({ subnet_id: z.string(), ip_address: z.string() })),
  security_groups: z.array(z.string()).nullish(),
});

const securityGroup = z.looseObject(named);

const securityGroupRule = z.looseObject({
  id,
  project_id: optional,
  description: optional,
  security_group_id: z.string(),
  direction: optional,
  ethertype: optional,
  protocol: z.union([z.string(), z.number()]).nullish(),
});

/** Where it leads is null while it leads nowhere. */
const floatingIp = z.looseObject({
  id,
  project_id: optional,
  description: optional,
  floating_network_id: z.string(),
  floating_ip_address: z.string(),
  port_id: orNull,
});

const policy = {
  ...named,
  encryption_algorithm: optional,
  auth_algorithm: optional,
  pfs: optional,
  lifetime: z.looseObject({ units: optional, value: z.number().nullish() }).nullish(),
};

const ikePolicy = z.looseObject({ ...policy, ike_version: optional, phase1_negotiation_mode: optional });

const ipsecPolicy = z.looseObject({ ...policy, transform_protocol: optional, encapsulation_mode: optional });

const vpnService = z.looseObject({
  ...named,
  router_id: z.string(),
  subnet_id: orNull,
  external_v4_ip: orNull,
  admin_state_up: z.boolean().nullish(),
  status: z.string(),
});

const endpointGroup = z.looseObject({ ...named, type: z.string(), endpoints: z.array(z.string()) });

const siteConnection = z.looseObject({
  ...named,
  vpnservice_id: z.string(),
  ikepolicy_id: z.string(),
  ipsecpolicy_id: z.string(),
  local_ep_group_id: orNull,
  peer_ep_group_id: orNull,
  /** The older way, beside a service's own subnet. Empty with endpoint groups. */
  peer_cidrs: z.array(z.string()).nullish(),
  /** Empty: the service's external address. */
  local_id: text,
  peer_address: z.string(),
  peer_id: z.string(),
  psk: z.string(),
  mtu: z.number().nullish(),
  initiator: optional,
  dpd: z.looseObject({ action: optional, interval: z.number().nullish(), timeout: z.number().nullish() }).nullish(),
  admin_state_up: z.boolean().nullish(),
  status: z.string(),
});

/** All aliases are read to find two, so an odd one of a vendor counts as none. */
const extension = z.looseObject({ alias: z.string().catch('') });

export const COLLECTION_SCHEMAS = {
  networks: network,
  subnets: subnet,
  routers: router,
  ports: port,
  securityGroups: securityGroup,
  securityGroupRules: securityGroupRule,
  floatingIps: floatingIp,
  ikePolicies: ikePolicy,
  ipsecPolicies: ipsecPolicy,
  vpnServices: vpnService,
  endpointGroups: endpointGroup,
  siteConnections: siteConnection,
  extensions: extension,
} as const;

/** Answer to `add_router_interface`. */
export const routerInterfaceSchema = z.looseObject({ port_id: id });

/** Metadata is read for the owner mark only, so a value that is no text counts as empty. */
export const serverSchema = z.looseObject({
  id,
  name: text,
  status: z.string(),
  metadata: z
    .record(z.string(), z.string().catch(''))
    .nullish()
    .transform((value) => value ?? {}),
  fault: z.looseObject({ message: z.string() }).nullish().catch(undefined),
});

/** Nova answers a POST with little but the id. */
export const newServerSchema = z.looseObject({ id });

/** Null on a server that has written nothing yet. */
export const consoleSchema = text;

/** A flavor's id is any text that an operator chose. */
export const flavorSchema = z.looseObject({
  id: z.string().min(1),
  name: text,
  ram: z.number(),
  disk: z.number(),
  vcpus: z.number(),
});

/** Neutron's quotas by name; one of an odd form counts as not told. `limit`: -1 for none. `reserved`: for creates under way. */
export const quotasSchema = z.record(
  z.string(),
  z.looseObject({ limit: z.number(), used: z.number(), reserved: z.number().nullish() }).optional().catch(undefined),
);

const amount = z.number().nullish().catch(undefined);

/** Nova's quotas and what is used of them. RAM in MB. */
export const limitsSchema = z.looseObject({
  absolute: z.looseObject({
    maxTotalInstances: amount,
    totalInstancesUsed: amount,
    maxTotalCores: amount,
    totalCoresUsed: amount,
    maxTotalRAMSize: amount,
    totalRAMUsed: amount,
  }),
});

/** `size` is null until the image's data is there. */
export const imageSchema = z.looseObject({
  id,
  name: text,
  status: z.string(),
  min_ram: z.number(),
  min_disk: z.number(),
  size: z.number().nullish(),
  disk_format: z.string().nullish(),
  container_format: z.string().nullish(),
});

/** Answer to a login. `catalog` is absent, as is `project`, where the login has no project; its entries are read one by one. */
export const tokenSchema = z.looseObject({
  expires_at: z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'expected a date'),
  project: z.looseObject({ id }).nullish(),
  catalog: z.array(z.unknown()).optional(),
});

export const catalogEntrySchema = z.looseObject({
  type: z.string(),
  endpoints: z.array(
    z.looseObject({
      interface: z.string(),
      region: z.string().nullish(),
      region_id: z.string().nullish(),
      url: z.string(),
    }),
  ),
});

/** The declared fields alone: an index signature would let a mistyped name pass. */
type Fields<T> = { readonly [K in keyof T as string extends K ? never : K]: T[K] };
type Of<S extends z.ZodType> = Fields<z.output<S>>;

export type NetworkCollection = keyof typeof COLLECTION_SCHEMAS;
export type Collections = { readonly [C in NetworkCollection]: Of<(typeof COLLECTION_SCHEMAS)[C]> };

export type Subnet = Collections['subnets'];
export type Router = Collections['routers'];
export type Port = Collections['ports'];
export type IkePolicy = Collections['ikePolicies'];
export type IpsecPolicy = Collections['ipsecPolicies'];
export type VpnService = Collections['vpnServices'];
export type SiteConnection = Collections['siteConnections'];
export type Server = Of<typeof serverSchema>;
export type Flavor = Of<typeof flavorSchema>;
export type Image = Of<typeof imageSchema>;
export type Quotas = z.output<typeof quotasSchema>;
export type Limits = Fields<z.output<typeof limitsSchema>['absolute']>;
export type CatalogEntry = Of<typeof catalogEntrySchema>;
