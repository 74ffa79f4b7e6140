/**
 * The owner mark: the text in a resource's description (metadata for servers) that says which VPN, step and run made it. Ownership is read from marks alone.
 * The rule: readable by a person, parseable by every later release, at most 255 characters, nothing secret in it. What is read of it ends where the
 * user's own words begin, so that they can say nothing about whose a resource is.
 */

export interface Mark {
  /** Configured owner and Temporal namespace: `acme@default`. */
  readonly owner: string;
  /** On a VPN service, which all VPNs over its router share: the one that it was made for. */
  readonly vpn?: string;
  readonly step: string;
  /** `firstExecutionRunId` of the run that made it. */
  readonly run: string;
  /** On a connection: what its PSK derives from. */
  readonly nonce?: string;
  readonly key?: string;
  /** On a connection: its other end is not OpenStack, so that no resource of ours stands there. */
  readonly peer?: 'external';
  /** The user's own words, behind the mark. */
  readonly note?: string;
}

const PREFIX = 'regionlink';
const FIELDS = ['owner', 'vpn', 'step', 'run', 'nonce', 'key', 'peer'] as const;
/** No field has a space in it, so the first of these ends the mark. */
const BEFORE_NOTE = ' -- ';

/** Longest text that every Neutron `description` and Nova metadata value takes. */
export const MARK_LIMIT = 255;

/** Key of the mark in a server's metadata. */
export const SERVER_MARK = 'regionlink';

/** The mark as text. Throws RangeError beyond 255 characters, which the spec's limits on names rule out. */
export function formatMark(mark: Mark): string {
  const fields = FIELDS.flatMap((field) => (mark[field] === undefined ? [] : [`${field}=${mark[field]}`]));
  const text = [PREFIX, ...fields].join(' ') + (mark.note ? BEFORE_NOTE + mark.note : '');
  if (text.length > MARK_LIMIT) throw new RangeError(`owner mark of ${text.length} characters: "${text}"`);
  return text;
}

/** The mark in a description, or undefined where there is none, or one that is not whole: such a resource is someone else's. */
export function parseMark(text: string | null | undefined): Mark | undefined {
  const [marked = '', ...notes] = (text ?? '').split(BEFORE_NOTE);
  const [prefix, ...parts] = marked.split(' ');
  if (prefix !== PREFIX) return undefined;
  const fields = new Map(
    parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  if (
    fields.size !== parts.length ||
    [...fields.keys()].some((field) => !(FIELDS as readonly string[]).includes(field))
  )
    return undefined;
  const [owner, vpn, step, run, nonce, key, peer] = FIELDS.map((field) => fields.get(field));
  if (!owner || !step || !run || (peer !== undefined && peer !== 'external')) return undefined;
  return {
    owner,
    step,
    run,
    ...(vpn === undefined ? {} : { vpn }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(key === undefined ? {} : { key }),
    ...(peer === undefined ? {} : { peer }),
    ...(notes.length === 0 ? {} : { note: notes.join(BEFORE_NOTE) }),
  };
}

/** Whether a mark is of this VPN's step. A VPN service is no VPN's alone and is found by its router instead. */
export function isMarkOf(mark: Mark | undefined, owner: string, vpn: string, step: string): mark is Mark {
  return mark !== undefined && mark.owner === owner && mark.vpn === vpn && mark.step === step;
}
