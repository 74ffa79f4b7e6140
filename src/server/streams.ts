/**
 * Event streams on their way: as many as may be open at once, each ended by its reader or by the server's stop.
 * The rule: a stream takes the response out of fastify's hands, so everything that fastify does at an end is done here.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import { type ServerSentEvent, wireForm } from './events.js';
import { HttpProblem } from './problems.js';

/** Each asks Temporal some five times a second. */
const MOST_STREAMS = 100;

export class Streams {
  private open = 0;

  /** `stopping` ends them all. */
  constructor(private readonly stopping: AbortSignal) {}

  /** Sends events until they are over. What `begin` throws is still fastify's to answer. */
  async send(
    reply: FastifyReply,
    begin: (gone: AbortSignal) => Promise<AsyncIterable<ServerSentEvent>>,
  ): Promise<FastifyReply> {
    if (this.open >= MOST_STREAMS)
      throw new HttpProblem('unavailable', `${MOST_STREAMS} streams are open; ask for the status instead`);
    const gone = new AbortController();
    const end = () => gone.abort();
    this.open += 1;
    if (this.stopping.aborted) end();
    this.stopping.addEventListener('abort', end);
    reply.raw.once('close', end);
    try {
      const events = await begin(gone.signal);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Else it would hold up a stop, open and unused.
        connection: 'close',
      });
      // Whoever stops reading has no need of an error.
      await pipeline(Readable.from(wired(events)), reply.raw).catch(() => undefined);
      return reply;
    } finally {
      this.open -= 1;
      this.stopping.removeEventListener('abort', end);
    }
  }
}

async function* wired(events: AsyncIterable<ServerSentEvent>): AsyncGenerator<string> {
  for await (const event of events) yield wireForm(event);
}
