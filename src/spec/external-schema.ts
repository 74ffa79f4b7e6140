/**
 * A site that is not OpenStack: the part of the file's shape for the other end of a tunnel of which only our end is built.
 * The rule: it says what our end must know of it and nothing else; how that end is set up is its owner's affair.
 */
import { z } from 'zod';
import { matching, text } from './fields.js';
import { addressFault, rangeFault } from './ipv4.js';
import type { Fault } from './problems.js';

/** Ranges of an external site. With one of ours each may be a security association of its own on the other end. */
const MOST_CIDRS = 16;

/** As an IKE daemon's configuration takes it: one word, in which nothing ends a line or a quotation. */
const ID = /^[A-Za-z0-9@._:+*%=/-]{1,255}$/;

export const externalSite = z.strictObject({
  external: z
    .strictObject({
      address: text(addressFault, { examples: ['203.0.113.10'] }).describe(
        'IPv4 address at which our end calls the other one: behind NAT, the public one.',
      ),
      id: matching(ID, {
        message: 'cannot be the id of a peer',
        cure: 'use an address, a host name or user@host, without spaces',
      })
        .optional()
        .describe('Id by which the other end presents itself. Default: its address.'),
      cidrs: z
        .array(text(rangeFault, { examples: ['192.168.10.0/24'] }))
        .min(1, { error: 'is empty: a tunnel joins at least one range of each site' })
        .max(MOST_CIDRS, { error: `has more than ${MOST_CIDRS} ranges, the most that are possible` })
        .describe("IPv4 ranges behind the other end. They must not overlap the other site's."),
    })
    .describe(
      'The other end of the tunnel, where that is not OpenStack: a data centre, another cloud, a strongSwan. Our end is built, and regionlink peer-config tells what to set up there.',
    ),
});

/** Before the two forms of a site are told apart: what is said of both, or of neither, is told once, and not as a fault of one of them. */
export function oneForm(value: unknown, context: z.core.$RefinementCtx): unknown {
  const fault = formFault(value);
  if (fault !== undefined)
    context.issues.push({ code: 'custom', input: value, message: fault.message, params: { cure: fault.cure } });
  return value;
}

function formFault(value: unknown): Fault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(value);
  if (keys.length === 0) return { message: 'is empty', cure: 'say region and network, or external' };
  const others = keys.filter((key) => key !== 'external');
  if (others.length === 0 || others.length === keys.length) return undefined;
  return {
    message: `says external beside ${others.join(', ')}`,
    cure: 'a site is either external or a region of OpenStack: leave one of them out',
  };
}
