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

/**
 * Which secrets stand in the texts, told by their first letters; empty when none does. Throws when the scan does not find its own canaries
 * between the same texts.
 */
export function scan(texts: readonly string[], secrets: Iterable<string>): readonly string[] {
  const planted = CANARIES.map((canary) => `x ${canary.planted(canary.secret)} y`);
  const all = unfolded([...texts, ...planted].join('\n'));
  const standsIn = (secret: string) => formsOf(secret).some((form) => all.includes(form));
  for (const { secret } of CANARIES)
    if (!standsIn(secret)) throw new Error(`the scan for secrets does not find ${secret}`);
  // Shorter ones than any real one would be found in a word.
  return [...secrets]
    .filter((secret) => secret.length >= 8 && standsIn(secret))
    .map((secret) => `${secret.slice(0, 3)}…`);
}
