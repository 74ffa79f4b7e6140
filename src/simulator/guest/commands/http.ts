/**
 * wget and curl, as far as a boot script needs them: the metadata service at 169.254.169.254, and nothing else answers.
 * The one rule: no request leaves the process; the guest's network decides what the metadata service says.
 */
import { toBytes } from '../bytes.js';
import type { CommandContext, Program } from './context.js';
import { parseOptions } from './options.js';

type Answer = { readonly status: number; readonly body: string } | { readonly refused: 'unreachable' | 'name' };

const CONNECT_MS = 3000;

async function request(c: CommandContext, url: string): Promise<Answer> {
  const { host, path } = /^(?:https?:\/\/)?(?<host>[^/:]+)(?::\d+)?(?<path>\/.*)?$/.exec(url)?.groups ?? {};
  if (host !== '169.254.169.254') {
    if (host === undefined || !/^[\d.]+$/.test(host)) return { refused: 'name' };
    await c.sleep(CONNECT_MS);
    return { refused: 'unreachable' };
  }
  const answer = await c.process.guard(c.machine.network.metadata(path ?? '/'));
  if (answer) return { status: answer.status, body: toBytes(answer.body) };
  await c.sleep(CONNECT_MS);
  return { refused: 'unreachable' };
}

async function save(c: CommandContext, file: string | undefined, body: string): Promise<boolean> {
  if (file === undefined || file === '-') {
    await c.out(body);
    return true;
  }
  if (c.machine.files.get(c.path(file))?.kind === 'device') return true;
  return c.attempt(file, () => c.machine.files.write(c.path(file), body));
}

export const curl: Program = async (c) => {
  const options = parseOptions(c.args, 'sSfLkgivIo:H:X:m:d:w:A:u:O', [
    'max-time=',
    'retry=',
    'retry-delay=',
    'connect-timeout=',
    'output=',
    'header=',
    'request=',
    'write-out=',
  ]);
  const [url] = options.operands;
  if (url === undefined) return c.fail("try 'curl --help' for more information", 2);
  const quiet = options.has('s') && !options.has('S');
  const host = url.replace(/^https?:\/\//, '').split(/[/:]/)[0] ?? '';
  let answer = await request(c, url);
  for (let left = Number(options.get('retry') ?? 0); 'refused' in answer && left > 0; left -= 1) {
    await c.sleep(Number(options.get('retry-delay') ?? 1) * 1000);
    answer = await request(c, url);
  }
  if ('refused' in answer) {
    const name = answer.refused === 'name';
    if (!quiet)
      await c.err(
        name
          ? `curl: (6) Could not resolve host: ${host}\n`
          : `curl: (7) Failed to connect to ${host} port 80: No route to host\n`,
      );
    return name ? 6 : 7;
  }
  const failed = answer.status >= 400 && (options.has('f') || options.has('fail'));
  if (failed && !quiet) await c.err(`curl: (22) The requested URL returned error: ${answer.status}\n`);
  if (!failed && !options.has('I'))
    await save(
      c,
      options.get('o') ?? options.get('output') ?? (options.has('O') ? url.split('/').at(-1) : undefined),
      answer.body,
    );
  const format = options.get('w') ?? options.get('write-out');
  if (format !== undefined)
    await c.out(format.replaceAll('%{http_code}', String(answer.status)).replaceAll('\\n', '\n'));
  return failed ? 22 : 0;
};

export const wget: Program = async (c) => {
  const options = parseOptions(c.args, 'qO:T:t:cSP:', ['timeout=', 'tries=', 'output-document=', 'header=']);
  const [url] = options.operands;
  if (url === undefined) return c.fail('missing URL');
  const host = url.replace(/^https?:\/\//, '').split(/[/:]/)[0] ?? '';
  const answer = await request(c, url);
  const busybox = c.machine.userSpace === 'busybox';
  if ('refused' in answer) {
    if (answer.refused === 'name')
      return c.fail(busybox ? `bad address '${host}'` : `unable to resolve host address '${host}'`, busybox ? 1 : 4);
    return c.fail(
      busybox
        ? `can't connect to remote host (${host}): No route to host`
        : `unable to connect to ${host}: No route to host`,
      busybox ? 1 : 4,
    );
  }
  if (answer.status >= 400) {
    if (busybox) return c.fail('server returned error: HTTP/1.1 404 Not Found');
    if (!options.has('q')) await c.err(`ERROR ${answer.status}: Not Found.\n`);
    return 8;
  }
  const file = options.get('O') ?? options.get('output-document') ?? (url.split('/').at(-1) || 'index.html');
  return (await save(c, file, answer.body)) ? 0 : 1;
};
