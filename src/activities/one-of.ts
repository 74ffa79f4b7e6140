/**
 * One of a cloud's resources by the name or id that a spec gives.
 * The rule: what is not one is told with the candidates, so that the next spec is right.
 */

interface Named {
  readonly id: string;
  readonly name: string;
}

/** More than that nobody reads. */
const MOST_TOLD = 20;

/** The one with that id or name; or, as text, why it is none, and which there are. */
export function oneOf<T extends Named>(
  noun: string,
  wanted: string,
  all: readonly T[],
  region: string,
  inWords: (one: T) => string = nameAndId,
): T | string {
  const matches = all.filter((one) => one.id === wanted || one.name === wanted);
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const what = matches.length === 0 ? 'not known' : 'ambiguous: name it by id';
  return `${noun} "${wanted}" is ${what} in region ${region}; candidates: ${candidates(matches.length === 0 ? all : matches, inWords)}`;
}

export function nameAndId({ id, name }: Named): string {
  return `${name} (${id})`;
}

/** Resources in one line. */
export function candidates<T extends Named>(all: readonly T[], inWords: (one: T) => string = nameAndId): string {
  if (all.length === 0) return 'none';
  const more = all.length > MOST_TOLD ? ` and ${all.length - MOST_TOLD} more` : '';
  return all.slice(0, MOST_TOLD).map(inWords).join(', ') + more;
}
