/**
 * The scan for secrets: every token, password and key of a test run, in every form that it could be written in, against every text that was recorded on the
 * way (histories with their payloads decoded, logs, errors, output).
 * The rule: each scan proves first that it can find what it looks for, by a canary planted in each form.
 */

/** How a secret can stand in a text. */
function formsOf(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)];
}

/** A text with all its base64 parts read in clear beside it: payloads of histories, user data, headers. */
function unfolded(text: string): string {
  const parts = text.match(/[A-Za-z0-9+/]{24,}={0,2}/g) ?? [];
  return [text, ...parts.map((part) => Buffer.from(part, 'base64').toString('utf8'))].join('\n');
}

/** One canary a form, with letters that each form writes differently. */
const CANARIES: readonly { readonly secret: string; readonly planted: (secret: string) => string }[] = [
  { secret: 'canary-raw/4 f&9?b2e1', planted: (secret) => secret },
  { secret: 'canary-base64/4 f&9?b2e1', planted: (secret) => Buffer.from(secret).toString('base64') },
  { secret: 'canary-url/4 f&9?b2e1', planted: encodeURIComponent },
  // As a payload of a history has it.
  {
    secret: 'canary-payload/4 f&9?b2e1',
    planted: (secret) => Buffer.from(JSON.stringify({ inside: secret })).toString('base64'),
  },
];

/** Letters that every form of a secret has at least: shorter ones than any real one would be found in a word. */
const SHORTEST = 8;

/**
 * Which of some words stand in a text. Looks at each place of it once, since thousands of words in the histories of hundreds of runs would take
 * minutes one by one.
 */
function standingIn(text: string, words: Iterable<string>): ReadonlySet<string> {
  // Of each place the first three letters decide first, in a table of 7 bits a letter, and the first eight then.
  const keyAt = (word: string, at: number) =>
    ((word.charCodeAt(at) & 127) << 14) | ((word.charCodeAt(at + 1) & 127) << 7) | (word.charCodeAt(at + 2) & 127);
  const begins = new Uint8Array(1 << 21);
  const byStart = new Map<string, string[]>();
  for (const word of words) {
    begins[keyAt(word, 0)] = 1;
    const start = word.slice(0, SHORTEST);
    byStart.set(start, [...(byStart.get(start) ?? []), word]);
  }
  const found = new Set<string>();
  for (let at = 0; at <= text.length - SHORTEST; at++) {
    if (begins[keyAt(text, at)] === 0) continue;
    for (const word of byStart.get(text.slice(at, at + SHORTEST)) ?? []) if (text.startsWith(word, at)) found.add(word);
  }
  return found;
}

/**
 * Which secrets stand in the texts, told by their first letters; empty when none does. Throws when the scan does not find its own canaries
 * between the same texts.
 */
export function scan(texts: readonly string[], secrets: Iterable<string>): readonly string[] {
  const planted = CANARIES.map((canary) => `x ${canary.planted(canary.secret)} y`);
  const all = unfolded([...texts, ...planted].join('\n'));
  const canaries = CANARIES.map(({ secret }) => secret);
  const long = [...canaries, ...secrets].filter((secret) => secret.length >= SHORTEST);
  const forms = new Map(long.map((secret) => [secret, formsOf(secret)]));
  const standing = standingIn(all, new Set([...forms.values()].flat()));
  const found = new Set(
    [...forms].filter(([, own]) => own.some((form) => standing.has(form))).map(([secret]) => secret),
  );
  for (const canary of canaries)
    if (!found.delete(canary)) throw new Error(`the scan for secrets does not find ${canary}`);
  return [...found].map((secret) => `${secret.slice(0, 3)}…`);
}
