/**
 * Recorded requests, sent again to another cloud in their order, with its own ids in place of the recorded ones.
 * The rule: what a replay has made, it can remove again, on any cloud.
 */
import { type Exchange, ID, isObject } from './recordings.js';
import type { Answer, Target, User } from './target.js';

const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
/** Longest wait for an agent or a server, and pause between two looks, in milliseconds. */
const PATIENCE_MS = 300_000;
const POLL_MS = 100;

interface Made {
  readonly exchange: Exchange;
  readonly path: string;
}

export class Replay {
  /** From what the recorded cloud called something to what this one does. By region first: what the recorded regions shared may be two things here. */
  private readonly names = new Map<string, string>();
  private readonly made: Made[] = [];

  /** @param given ids of this cloud by recorded ids, where the order of its lists would mislead */
  constructor(
    private readonly target: Target,
    private readonly given: ReadonlyMap<string, string> = new Map(),
  ) {}

  /** The cloud's answer to a recorded request, sent when what the recorder waited for has come. Its ids are learnt from it. */
  async answer(exchange: Exchange): Promise<Answer> {
    const { label, method, path, region, status } = exchange;
    // An agent has to have what is changed. A service has none before its first connection.
    if (method === 'PUT' && status === 200 && !path.includes('vpnservices'))
      await this.until(exchange, (body) => !JSON.stringify(body).includes('PENDING_CREATE'));
    if (label.endsWith('show server'))
      await this.until(exchange, (body) => JSON.stringify(body).includes('"status":"ACTIVE"'));
    const body = label.endsWith('quota to current use') ? await this.currentUse(exchange) : exchange.request_body;
    const answer = await this.send(exchange, method, this.mapped(path, region), body);
    this.learn(exchange.response_body, answer.body, region);
    if (method === 'POST' && answer.status < 300) this.note(exchange, answer.body);
    return answer;
  }

  /** A text of the recording with this cloud's ids and addresses. */
  mapped(text: string, region: string | null): string {
    const own = (name: string) =>
      this.given.get(name) ?? this.names.get(`${region} ${name}`) ?? this.names.get(name) ?? name;
    return text.replace(ID, own).replace(/"(\d+\.\d+\.\d+\.\d+)"/g, (_, address: string) => `"${own(address)}"`);
  }

  /** Removes what this replay has made and what is still there, newest first. Resolves to what would not go. */
  async cleanUp(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const { exchange, path } of this.made.reverse()) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const { status } = await this.send(exchange, 'DELETE', path);
        // A server is gone when it is not found any more.
        if (status === 404 || (status < 300 && exchange.path !== '/servers')) break;
        // In use by what is on its way out.
        const later = status < 300 || status === 409 || status === 400;
        if (!later || Date.now() > deadline) {
          left.push(`${path}: ${status}`);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
    return left;
  }

  /** Looks at the same path until the answer is as wanted. */
  private async until(exchange: Exchange, wanted: (body: unknown) => boolean): Promise<void> {
    const path = this.mapped(exchange.path, exchange.region);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { body } = await this.send(exchange, 'GET', path);
      if (wanted(body)) return;
      if (Date.now() > deadline)
        throw new Error(`${path} did not come to what was waited for: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** The recorder set every limit to what was in use. Here that is this project's own use. */
  private async currentUse(exchange: Exchange): Promise<unknown> {
    const path = `${this.mapped(exchange.path, exchange.region)}/details`;
    const { body } = await this.send(exchange, 'GET', path);
    const used = (body as { quota: Record<string, { used: number }> }).quota;
    const asked = (exchange.request_body as { quota: Record<string, number> }).quota;
    return { quota: Object.fromEntries(Object.keys(asked).map((key) => [key, used[key]?.used])) };
  }

  private send(exchange: Exchange, method: string, path: string, body: unknown = null): Promise<Answer> {
    const { label, region, service } = exchange;
    const token = /no token/i.test(label)
      ? { token: { value: undefined } }
      : /garbage|expired/i.test(label)
        ? { token: { value: 'garbage' } }
        : {};
    return this.target.send({
      user: userOf(exchange),
      region: region ?? '',
      service,
      method,
      path,
      ...token,
      ...(body === null || method === 'GET' ? {} : { body: this.mapped(JSON.stringify(body), region) }),
    });
  }

  private note(exchange: Exchange, body: unknown): void {
    const resource = isObject(body) ? Object.values(body)[0] : undefined;
    if (!isObject(resource)) return;
    const id = exchange.path === '/os-keypairs' ? resource.name : resource.id;
    if (typeof id === 'string') this.made.push({ exchange, path: `${exchange.path}/${id}` });
  }

  /** Learns which id of this cloud stands for a recorded one, wherever both answers have one at the same place. */
  private learn(recorded: unknown, own: unknown, region: string | null): void {
    if (typeof recorded === 'string' && typeof own === 'string') {
      const name = (theirs: string, ours: string) => this.names.set(theirs, ours).set(`${region} ${theirs}`, ours);
      if (ADDRESS.test(recorded)) name(recorded, own);
      const [theirs, ours] = [recorded.match(ID) ?? [], own.match(ID) ?? []];
      if (theirs.length === ours.length) for (const [index, id] of theirs.entries()) name(id, ours[index] ?? id);
    } else if (Array.isArray(recorded) && Array.isArray(own))
      for (const [index, one] of recorded.entries()) this.learn(one, own[index], region);
    else if (isObject(recorded) && isObject(own))
      for (const [key, value] of Object.entries(recorded)) this.learn(value, own[key], region);
  }
}

/** Who sends it. What was sent without a token, or with one that is none, needs someone to find the service. */
export function userOf({ as_user: user }: Pick<Exchange, 'as_user'>): User {
  return user === 'other' || user === 'admin' ? user : 'demo';
}
