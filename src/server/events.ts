/**
 * A run as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): what has changed, and at last its end.
 * The rule: the first status is read before the stream begins, so that what is wrong with the request is still an answer of its own.
 */
import type { RunStatus } from '../client/index.js';
import { documentOf, problemOf } from './problems.js';

/** An event, or a comment that only keeps the connection open. */
export type ServerSentEvent = { readonly event: string; readonly data: unknown } | 'keep-alive';

/** Milliseconds of silence after which proxies begin to take a connection for dead. */
const KEEP_ALIVE_MS = 15_000;

/** `statuses` are asked for as fast as the reader takes them. `atEnd` adds to the last one what came of the run. Throws what the first status throws. */
export async function statusEvents(
  statuses: AsyncGenerator<RunStatus>,
  atEnd: (last: RunStatus) => Promise<unknown>,
): Promise<AsyncIterable<ServerSentEvent>> {
  const first = await statuses.next();
  return events(first, statuses, atEnd);
}

async function* events(
  first: IteratorResult<RunStatus>,
  statuses: AsyncGenerator<RunStatus>,
  atEnd: (last: RunStatus) => Promise<unknown>,
): AsyncGenerator<ServerSentEvent> {
  let sent = '';
  let sentAt = 0;
  try {
    for (let next = first; !next.done; next = await statuses.next()) {
      const status = next.value;
      const data = JSON.stringify(status);
      if (data !== sent) yield { event: 'status', data: status };
      else if (Date.now() - sentAt > KEEP_ALIVE_MS) yield 'keep-alive';
      else continue;
      sent = data;
      sentAt = Date.now();
      if (status.state !== 'RUNNING') yield { event: 'end', data: await atEnd(status) };
    }
  } catch (error) {
    yield { event: 'problem', data: documentOf(problemOf(error)) };
  } finally {
    await statuses.return(undefined);
  }
}

/** As it goes over the wire. JSON has no line breaks in it, so data is one line. */
export function wireForm(event: ServerSentEvent): string {
  return event === 'keep-alive' ? ':\n\n' : `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
