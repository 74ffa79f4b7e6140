/**
 * A guest handles bytes, not characters: `wc -c`, `cut -b`, `${#x}` and `head -c /dev/urandom` all count bytes. So inside the guest
 * every string is a byte string (one UTF-16 unit per byte, 0–255), which needs no Buffer and keeps string methods usable.
 * The one rule: convert on the border only (user data in, console and exec out), never in between.
 */

/** UTF-8 text from outside → the guest's byte string. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The guest's byte string → text for outside; invalid UTF-8 becomes U+FFFD, as any API answer would show it. */
export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Raw bytes (decoded user data) → the guest's byte string. */
export function bytesOf(buffer: Uint8Array): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString('latin1');
}
