/** Where the lab cannot run it says so, and what to do, before it touches anything. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';

/** Stands in for this machine: a Debian 12 with room enough, nothing installed and no way to Debian's packages. */
const COMMANDS = {
  uname: 'case "$1" in -s) echo Linux ;; -m) echo x86_64 ;; esac',
  id: 'echo 0',
  unshare: 'exit 0',
  modprobe: 'exit 0',
  'dpkg-query': 'exit 1',
  'apt-get': 'exit 100',
};

type Command = keyof typeof COMMANDS | 'realpath';

interface Machine {
  readonly commands?: Partial<Record<Command, string>>;
  readonly release?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `lab/up.sh --check` on such a machine: its exit code, what it said, and whether it made its folder. */
async function check({ commands, release, env }: Machine) {
  const root = mkdtempSync(join(tmpdir(), 'lab-'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries({ ...COMMANDS, ...commands })) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(join(root, 'os-release'), release ?? 'ID=debian\nVERSION_ID="12"\n');
  const state = join(root, 'state');
  const { code, said } = await new Promise<{ code: unknown; said: string }>((done) => {
    const options = {
      env: {
        PATH: [bin, process.env.PATH].join(delimiter),
        LAB_OS_RELEASE: join(root, 'os-release'),
        LAB_STATE: state,
        LAB_NETNS: join(root, 'no-namespaces'),
        LAB_NEEDS_MEMORY_MB: '1',
        LAB_NEEDS_DISK_MB: '1',
        ...env,
      },
    };
    execFile('bash', ['lab/up.sh', '--check'], options, (error, _, stderr) =>
      done({ code: error?.code ?? 0, said: stderr }),
    );
  });
  return { code, said, touched: existsSync(state) };
}

test.each<[string, Machine, RegExp]>([
  ['another Debian', { release: 'ID=debian\nVERSION_ID="13"' }, /debian 13.*use a Debian 12 machine/],
  ['another distribution', { release: 'ID=ubuntu\nVERSION_ID="24.04"' }, /ubuntu 24\.04/],
  // Its tools do not know GNU's options.
  [
    'no Linux',
    { commands: { uname: 'echo Darwin', realpath: 'exit 1' } },
    /^lab: this is Darwin.*use a Debian 12 machine or VM\n$/,
  ],
  ['another processor', { commands: { uname: 'case "$1" in -s) echo Linux ;; -m) echo aarch64 ;; esac' } }, /aarch64/],
  ['not root', { commands: { id: 'echo 1000' } }, /needs root.*sudo npm run lab:up/],
  ['no namespaces', { commands: { unshare: 'exit 1' } }, /namespaces here.*--privileged/],
  ['too little memory', { env: { LAB_NEEDS_MEMORY_MB: '99999999' } }, /of memory are free.*LAB_NEEDS_MEMORY_MB/],
  ['too little disk', { env: { LAB_NEEDS_DISK_MB: '99999999' } }, /of disk are free.*LAB_NEEDS_DISK_MB/],
  ['a folder with a space', { env: { LAB_STATE: '/tmp/a b' } }, /no spaces.*LAB_STATE/],
  ['no way to the packages', {}, /apt cannot reach any/],
])('refuses with 2, a reason and a way out: %s', async (_, machine, reason) => {
  const { code, said, touched } = await check(machine);
  expect(said).toMatch(reason);
  expect({ code, touched }).toEqual({ code: 2, touched: false });
});

test('tells all problems at once', async () => {
  const { said } = await check({ commands: { id: 'echo 1000' }, release: 'ID=arch' });
  expect(said.match(/^lab: /gm)).toHaveLength(2);
});

test('has nothing against a machine that can run it', async () => {
  // dpkg-query answers for each package that it is asked for.
  const installed = 'shift 3; for package; do echo "$package installed"; done';
  expect(await check({ commands: { 'dpkg-query': installed } })).toEqual({ code: 0, said: '', touched: false });
});
