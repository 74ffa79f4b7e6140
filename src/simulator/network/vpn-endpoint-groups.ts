/** Endpoint groups, by neutron-vpnaas's validator: networks of one end, all of one type, never changed. */
import ipaddr from 'ipaddr.js';
import { internalError, neutronError } from '../errors.js';
import { pythonText } from '../python-text.js';
import type { Row } from '../state.js';
import { type AttributeMap, description, name, once, owner, readOnly } from './attributes.js';
import { isUuid, list, oneOf } from './checks.js';
import type { Resource } from './resource.js';
import { connectionsWith } from './vpn-use.js';

const ATTRIBUTES: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  type: { ...once, required: true, check: oneOf('subnet', 'cidr', 'vlan', 'network', 'router') },
  endpoints: { ...once, default: [], check: list },
};

/** The request as the real server prints it, in the order in which it was sent. */
function sent(row: Row): string {
  const fields = [...new Set([...(row._given as string[]), 'project_id', 'tenant_id', 'description', 'endpoints'])];
  return pythonText(Object.fromEntries(fields.map((field) => [field, row[field]])));
}

export const ENDPOINT_GROUP: Resource = {
  kind: 'endpoint_group',
  path: 'vpn/endpoint-groups',
  many: 'endpoint_groups',
  standard: false,
  notFound: ['VPNEndpointGroupNotFound', (id) => `Endpoint group ${id} could not be found`],
  attributes: ATTRIBUTES,
  sortable: false,
  beforeCreate(row, { region, projectId, isAdmin }) {
    const endpoints = row.endpoints as unknown[];
    if (endpoints.length === 0)
      throw neutronError(
        400,
        'MissingEndpointForEndpointGroup',
        `No endpoints specified for endpoint group '${sent(row)}'`,
      );
    for (const endpoint of endpoints) {
      const problem = endpointProblem(String(row.type), endpoint);
      if (problem !== undefined) {
        throw neutronError(
          400,
          'InvalidEndpointInEndpointGroup',
          `Endpoint '${String(endpoint)}' is invalid for group type '${String(row.type)}': ${problem}`,
        );
      }
      const subnet = region.get('subnet', endpoint);
      if (row.type === 'subnet' && (subnet === undefined || (subnet.project_id !== projectId && !isAdmin))) {
        throw neutronError(
          400,
          'NonExistingSubnetInEndpointGroup',
          `Subnet ${String(endpoint)} in endpoint group does not exist`,
        );
      }
    }
    // The database refuses a second equal endpoint, and the real server retries for minutes before it says so.
    if (new Set(endpoints).size !== endpoints.length) throw internalError();
  },
  beforeDelete(row, { region }) {
    if (
      [...connectionsWith(region, 'local_ep_group_id', row.id), ...connectionsWith(region, 'peer_ep_group_id', row.id)]
        .length > 0
    ) {
      throw neutronError(400, 'EndpointGroupInUse', `Endpoint group ${row.id} is in use and cannot be deleted`);
    }
  },
};

function endpointProblem(type: string, endpoint: unknown): string | undefined {
  if (type === 'cidr') return typeof endpoint === 'string' && ipaddr.isValidCIDR(endpoint) ? undefined : 'Invalid CIDR';
  if (type === 'vlan') return undefined;
  return isUuid(endpoint) ? undefined : 'Invalid UUID';
}
