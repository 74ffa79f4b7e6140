/** IKE and IPsec policies, by neutron-vpnaas: two resources of one shape. The rule: neither may change or go while a connection uses it. */
import { neutronError } from '../errors.js';
import type { CallContext, Row } from '../state.js';
import { type AttributeMap, description, name, owner, readOnly, settable } from './attributes.js';
import { type Check, invalid, keysOf, oneOf, range } from './checks.js';
import type { Resource } from './resource.js';

/** At least 60 seconds. A value that came as text is answered as text, and stored as a number. */
const lifetime: Check = (value, field) => {
  const given = keysOf(value ?? {}, field, ['units', 'value']);
  if (given.units !== undefined && given.units !== 'seconds')
    throw invalid(field, `${String(given.units)} is not in valid_values`);
  if (given.value !== undefined) range(60)(given.value, field);
  return given;
};

const SHARED: AttributeMap = {
  id: readOnly,
  ...owner,
  name,
  description,
  auth_algorithm: { ...settable, default: 'sha1', check: oneOf('sha1', 'sha256', 'sha384', 'sha512') },
  encryption_algorithm: { ...settable, default: 'aes-128', check: oneOf('3des', 'aes-128', 'aes-192', 'aes-256') },
  pfs: { ...settable, default: 'group5', check: oneOf('group2', 'group5', 'group14') },
  lifetime: { ...settable, default: {}, check: lifetime },
};

function policy(kind: 'ikepolicy' | 'ipsecpolicy', noun: string, attributes: AttributeMap): Resource {
  const guard = (row: Row, { region }: CallContext) => {
    if (region.rows('ipsec_site_connection').some((connection) => connection[`${kind}_id`] === row.id)) {
      throw neutronError(
        409,
        `${noun}InUse`,
        `${noun} ${row.id} is in use by existing IPsecSiteConnection and can't be updated or deleted`,
      );
    }
  };
  const many = kind.replace(/y$/, 'ies');
  return {
    kind,
    path: `vpn/${many}`,
    many,
    standard: false,
    notFound: [`${noun}NotFound`, (id) => `${noun} ${id} could not be found`],
    attributes,
    beforeCreate: (row) => {
      row.lifetime = { units: 'seconds', value: 3600, ...(row.lifetime as object) };
    },
    beforeUpdate: (row, change, context) => {
      guard(row, context);
      if (change.lifetime !== undefined)
        change.lifetime = { ...(row.lifetime as object), ...(change.lifetime as object) };
    },
    stored: (row) => {
      const { units, value } = row.lifetime as { units: string; value: unknown };
      row.lifetime = { units, value: Number(value) };
    },
    beforeDelete: guard,
  };
}

export const IKE_POLICY = policy('ikepolicy', 'IKEPolicy', {
  ...SHARED,
  ike_version: { ...settable, default: 'v1', check: oneOf('v1', 'v2') },
  phase1_negotiation_mode: { ...settable, default: 'main', check: oneOf('main', 'aggressive') },
});

export const IPSEC_POLICY = policy('ipsecpolicy', 'IPsecPolicy', {
  ...SHARED,
  transform_protocol: { ...settable, default: 'esp', check: oneOf('esp', 'ah', 'ah-esp') },
  encapsulation_mode: { ...settable, default: 'tunnel', check: oneOf('tunnel', 'transport') },
});
