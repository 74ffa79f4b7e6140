/**
 * `npm run record`: sends the contract's requests to a cloud of your own and stores its answers in the form of `test/recordings`, to be compared with those.
 * It makes and removes resources in the projects it is given. The rule: no token, password or key of yours is ever in what it writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { Clouds } from '../src/openstack/clouds-config.js';
import { makeGround } from '../test/contract/ground.js';
import { type Exchange, readRecordings, SERIES } from '../test/contract/recordings.js';
import { Replay, userOf } from '../test/contract/replay.js';
import { type Answer, Target, type User } from '../test/contract/target.js';

interface Options {
  readonly out: string;
  readonly demo: string;
  readonly other?: string;
  readonly admin?: string;
  readonly left: string;
  readonly right: string;
  readonly image?: string;
  readonly flavor?: string;
}

const options = new Command('record')
  .description(
    "Record a cloud's answers to the contract's requests. Makes and removes resources in the projects named.",
  )
  .requiredOption('--out <folder>', 'where the recordings go')
  .requiredOption('--demo <cloud>', 'entry in clouds.yaml of the project that does the tutorial')
  .option('--other <cloud>', 'entry of another project; without it its requests are left out')
  .option('--admin <cloud>', 'entry of an administrator, who sets quotas; without it those requests are left out')
  .option('--left <region>', 'the first region', 'left')
  .option('--right <region>', 'the second region', 'right')
  .option('--image <id>', 'image of the recorded servers; without it the first of the list')
  .option('--flavor <id>', 'flavor of the recorded servers; without it the first of the list')
  .parse()
  .opts<Options>();

const clouds = Clouds.load();
const chosen = { demo: options.demo, other: options.other, admin: options.admin };
const users = Object.fromEntries(
  Object.entries(chosen).flatMap(([user, name]) => (name === undefined ? [] : [[user as User, clouds.get(name)]])),
);
const target = new Target(users, { left: options.left, right: options.right });

/** Ids that the recorded servers were made with, and those to use here. */
function givenIds(exchanges: readonly Exchange[]): ReadonlyMap<string, string> {
  const made = exchanges.find(({ path, method, status }) => path === '/servers' && method === 'POST' && status === 202);
  const { server } = (made?.request_body ?? { server: {} }) as { server: { imageRef?: string; flavorRef?: string } };
  const pairs = [
    [server.imageRef, options.image],
    [server.flavorRef, options.flavor],
  ];
  return new Map(pairs.flatMap(([was, is]) => (was === undefined || is === undefined ? [] : [[was, is]])));
}

for (const series of SERIES) {
  const folder = join(options.out, series.replace('test/recordings', ''));
  mkdirSync(folder, { recursive: true });
  const exchanges = readRecordings(series).filter((one) => one.service !== 'identity');
  const replay = new Replay(target, givenIds(exchanges));
  const removeGround = series.endsWith('nova') ? await makeGround(target) : undefined;
  try {
    for (const exchange of exchanges) await record(exchange, replay, folder);
  } finally {
    for (const left of await replay.cleanUp()) console.error(`not removed: ${left}`);
    await removeGround?.();
  }
}

async function record(exchange: Exchange, replay: Replay, folder: string): Promise<void> {
  if (!target.has(userOf(exchange))) {
    console.log(`left out  ${exchange.file}: no --${userOf(exchange)} is given`);
    return;
  }
  const answer = await replay.answer(exchange).catch((error: unknown) => String(error));
  if (typeof answer === 'string') {
    console.log(`left out  ${exchange.file}: ${answer}`);
    return;
  }
  writeFileSync(join(folder, exchange.file), `${JSON.stringify(recordingOf(exchange, answer, replay), null, 1)}\n`);
  const was = answer.status === exchange.status ? '' : ` (${exchange.status} in the recording here)`;
  console.log(`${answer.status}${was}  ${exchange.file}`);
}

function recordingOf({ file: _, ...exchange }: Exchange, answer: Answer, replay: Replay): unknown {
  const mapped = (value: unknown) =>
    value === null ? null : (JSON.parse(replay.mapped(JSON.stringify(value), exchange.region)) as unknown);
  return {
    ...exchange,
    path: replay.mapped(exchange.path, exchange.region),
    request_body: mapped(exchange.request_body),
    status: answer.status,
    reason: answer.reason,
    ms: answer.ms,
    response_headers: Object.fromEntries(
      [...answer.headers]
        .filter(([name]) => name !== 'x-subject-token' && name !== 'set-cookie')
        .map(([name, value]) => [name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()), value]),
    ),
    response_body: answer.body,
  };
}
