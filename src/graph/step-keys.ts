/**
 * Keys of steps: how they are written, and how they are read again from the marks of what was made.
 * The rule: a key never changes its meaning, since it stands in the marks of real resources.
 */
import type { ResourceKind, StepOutput } from './types.js';

/** What a key tells of its step. */
export interface StepPlace {
  readonly kind: ResourceKind;
  readonly site: string;
  /** For steps of a link's end. */
  readonly link?: string;
  /** Which of several of its kind at the site. The first has none, so that the keys of a site with one subnet are the tutorial's. */
  readonly part?: string;
}

/** Key of a site's own step: `left/subnet`, or for a further subnet `left/subnet:10.1.1.0-24`. */
export function siteStepKey(site: string, kind: ResourceKind, part = ''): string {
  return part === '' ? `${site}/${kind}` : `${site}/${kind}:${part}`;
}

/** Key of a step at one end of a link: `left~right/left/siteConnection`. */
export function endStepKey(link: string, site: string, kind: ResourceKind): string {
  return `${link}/${siteStepKey(site, kind)}`;
}

export function stepKeyOf({ kind, site, link, part }: StepPlace): string {
  return link === undefined ? siteStepKey(site, kind, part) : endStepKey(link, site, kind);
}

/** The place that a mark's step names, where it is one of that kind. */
export function placeOf(key: string, kind: ResourceKind): StepPlace | undefined {
  const parts = key.split('/');
  const [own, part] = (parts.pop() ?? '').split(':');
  const [site, link] = parts.reverse();
  if (own !== kind || site === undefined || parts.length > 2) return undefined;
  return { kind, site, ...(link === undefined ? {} : { link }), ...(part === undefined ? {} : { part }) };
}

/**
 * The part of a key for a site's further subnet. Its range is the one thing of a subnet that cannot change, that no other of the VPN has, and that a
 * person can read in a mark.
 */
export function partOfRange(cidr: string): string {
  return cidr.replace('/', '-');
}

/** The outputs of a kind at a site, such as all its subnets; the first has no part. */
export function partsAt(
  outputs: Readonly<Record<string, StepOutput>>,
  site: string,
  kind: ResourceKind,
): readonly { readonly part: string; readonly output: StepOutput }[] {
  return Object.entries(outputs).flatMap(([key, output]) => {
    const place = placeOf(key, kind);
    return place?.site === site && place.link === undefined ? [{ part: place.part ?? '', output }] : [];
  });
}
