/**
 * Checks of one value of a request, by neutron-lib's validators and converters: what they accept, what they make of it, and what they say.
 * The rule: a check needs the value alone; rules between resources stand with their resource.
 */
import { badRequest, neutronError } from '../errors.js';
import { pythonRepr, pythonText } from '../python-text.js';
import { canonicalAddress, canonicalCidr, isAddress, isCidr } from './addresses.js';

/** Checks and converts one value; throws the API's own error. */
export type Check = (value: unknown, field: string) => unknown;

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export const isUuid = (value: unknown): boolean => typeof value === 'string' && UUID.test(value);

export function invalid(field: string, reason: string) {
  return badRequest(`Invalid input for ${field}. Reason: ${reason}.`);
}

/** What converters and plugins throw. */
export function invalidInput(reason: string, type = 'InvalidInput') {
  return neutronError(400, type, `Invalid input for operation: ${reason}.`);
}

export const text =
  (max: number): Check =>
  (value, field) => {
    if (typeof value !== 'string') throw invalid(field, `'${pythonText(value)}' is not a valid string`);
    if (value.length > max) throw invalid(field, `'${value}' exceeds maximum length of ${max}`);
    return value;
  };

export const uuid: Check = (value, field) => {
  if (!isUuid(value)) throw invalid(field, `'${pythonText(value)}' is not a valid UUID`);
  return value;
};

export const uuidOrNone: Check = (value, field) => (value === null ? null : uuid(value, field));

export const uuidList: Check = (value, field) => {
  const given = listOf(value ?? [], field);
  for (const one of given) uuid(one, field);
  refuseDuplicates(given, field);
  return given;
};

const TRUTH: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

export const boolean: Check = (value) => {
  const converted = typeof value === 'object' ? undefined : TRUTH[String(value).toLowerCase()];
  if (converted === undefined) throw invalidInput(`'${pythonText(value)}' cannot be converted to boolean`);
  return converted;
};

export const oneOf =
  (...values: readonly (string | number)[]): Check =>
  (value, field) => {
    if (!values.includes(value as string)) throw invalid(field, `${pythonText(value)} is not in valid_values`);
    return value;
  };

export const integer: Check = (value) => {
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'boolean') return Number(number);
  if (!Number.isInteger(number)) throw invalidInput(`'${pythonText(value)}' is not an integer`);
  return number;
};

/** An integer in a range; stays the text that it came as. */
export const range =
  (least: number): Check =>
  (value, field) => {
    const number = typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
    if (!Number.isInteger(number)) throw invalid(field, `'${pythonText(value)}' is not an integer`);
    if (Number(number) < least)
      throw invalid(field, `'${pythonText(value)}' is too small - must be at least '${least}'`);
    return value;
  };

export const nonNegative: Check = (value, field) => {
  const number = typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number)) throw invalid(field, `'${pythonText(value)}' is not an integer`);
  if (Number(number) < 0) throw invalid(field, `'${pythonText(value)}' should be non-negative`);
  return value;
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function keysOf(value: unknown, field: string, known: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw invalid(field, `'${pythonText(value)}' is not a dictionary`);
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw invalid(field, `Unexpected keys supplied: ${unknown.join(', ')}`);
  return value;
}

/** One value becomes a list of it. */
export const list: Check = (value) => (value === null ? [] : Array.isArray(value) ? value : [value]);

export const cidr: Check = (value) => {
  if (value === null) return null;
  if (!isCidr(value)) throw invalidInput(`${pythonText(value)} is not in a CIDR format`);
  return canonicalCidr(value);
};

function address(value: unknown): string | undefined {
  if (typeof value !== 'string') return `'${pythonText(value)}' is not a valid IP address`;
  return isAddress(value) ? undefined : `'${value}' is not a valid IP address`;
}

export const addressOrNone: Check = (value, field) => {
  if (value === null) return null;
  const problem = address(value);
  if (problem !== undefined) throw invalid(field, problem);
  return canonicalAddress(String(value));
};

function listOf(value: unknown, field: string, what?: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(
    field,
    what === undefined
      ? `'${pythonText(value)}' is not a list`
      : `Invalid data format for ${what}: '${pythonText(value)}'`,
  );
}

function refuseDuplicates(values: readonly unknown[], field: string): void {
  const twice = values.filter((one, index) => values.indexOf(one) !== index);
  if (twice.length > 0) throw invalid(field, `Duplicate items in the list: '${twice.join(', ')}'`);
}

/** Addresses of a port. */
export const fixedIps: Check = (value, field) => {
  if (value === null) return [];
  const seen: unknown[] = [];
  return listOf(value, field, 'fixed IP').map((one) => {
    if (!isObject(one)) throw invalid(field, `Invalid data format for fixed IP: '${pythonText(one)}'`);
    const fixed = { ...one };
    if (fixed.ip_address !== undefined) {
      const problem = seen.includes(fixed.ip_address)
        ? `Duplicate IP address '${pythonText(fixed.ip_address)}'`
        : address(fixed.ip_address);
      if (problem !== undefined) throw invalid(field, problem);
      seen.push(fixed.ip_address);
      fixed.ip_address = canonicalAddress(String(fixed.ip_address));
    }
    if (fixed.subnet_id !== undefined) uuid(fixed.subnet_id, field);
    return fixed;
  });
};

export const nameservers: Check = (value, field) => {
  if (value === null) return [];
  const given = listOf(value, field, 'nameserver');
  for (const [index, one] of given.entries()) {
    const problem = address(one);
    if (problem !== undefined) throw invalid(field, `'${pythonText(one)}' is not a valid nameserver. ${problem}`);
    if (given.indexOf(one) !== index) throw invalid(field, `Duplicate nameserver '${pythonText(one)}'`);
  }
  return given;
};

function exactKeys(value: unknown, field: string, expected: readonly string[]): Record<string, unknown> {
  if (!isObject(value))
    throw invalid(
      field,
      `Invalid input. '${pythonText(value)}' must be a dictionary with keys: ${pythonRepr(expected)}`,
    );
  const keys = Object.keys(value);
  if (keys.length !== expected.length || expected.some((key) => !keys.includes(key)))
    throw invalid(
      field,
      `Validation of dictionary's keys failed. Expected keys: ${setText(expected)} Provided keys: ${setText(keys)}`,
    );
  return value;
}

const setText = (keys: readonly string[]) => `{${keys.map(pythonRepr).join(', ')}}`;

export const ipPools: Check = (value, field) =>
  listOf(value, field, 'IP pool').map((one) => {
    const pool = exactKeys(one, field, ['start', 'end']);
    for (const key of ['start', 'end']) {
      const problem = address(pool[key]);
      if (problem !== undefined) throw invalid(field, problem);
    }
    return { start: canonicalAddress(String(pool.start)), end: canonicalAddress(String(pool.end)) };
  });

export const hostRoutes: Check = (value, field) => {
  if (value === null) return [];
  const given = listOf(value, field, 'hostroute');
  const seen: string[] = [];
  for (const one of given) {
    const route = exactKeys(one, field, ['destination', 'nexthop']);
    if (!isCidr(route.destination)) throw invalid(field, `'${pythonText(route.destination)}' is not a valid CIDR`);
    const problem = address(route.nexthop);
    if (problem !== undefined) throw invalid(field, problem);
    if (seen.includes(JSON.stringify(route))) throw invalid(field, `Duplicate hostroute '${pythonText(route)}'`);
    seen.push(JSON.stringify(route));
  }
  return given;
};

export const macAddress: Check = (value, field) => {
  if (typeof value !== 'string' || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value) || /^(00:){5}00$/.test(value))
    throw invalid(field, `'${pythonText(value)}' is not a valid MAC address`);
  return value.toLowerCase();
};
