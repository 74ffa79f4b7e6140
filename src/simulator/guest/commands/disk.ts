/**
 * Programs that change or list the disk: ls, mkdir, rm, cp, mv, touch, chmod, ln, mktemp.
 * The one rule: they go through GuestFiles, which bounds the disk and knows no host.
 */
import { randomBytes } from 'node:crypto';
import type { FileNode, Node } from '../files.js';
import type { CommandContext, Program } from './context.js';
import { parseOptions } from './options.js';

/** Runs `operation` on each operand; 1 if any failed. */
async function each(
  c: CommandContext,
  operands: readonly string[],
  what: (name: string) => string,
  operation: (path: string, name: string) => void,
): Promise<number> {
  let status = 0;
  for (const name of operands) if (!(await c.attempt(what(name), () => operation(c.path(name), name)))) status = 1;
  return status;
}

export const mkdir: Program = (c) => {
  const options = parseOptions(c.args, 'pm:v');
  const mode = Number.parseInt(options.get('m') ?? '755', 8);
  const busybox = c.machine.userSpace === 'busybox';
  return each(
    c,
    options.operands,
    (name) => (busybox ? `can't create directory '${name}'` : `cannot create directory '${name}'`),
    (path) => c.machine.files.makeDirectory(path, options.has('p'), mode),
  );
};

export const rm: Program = (c) => {
  const options = parseOptions(c.args, 'rRfiv');
  const { files } = c.machine;
  const busybox = c.machine.userSpace === 'busybox';
  const present = options.operands.filter((name) => !options.has('f') || files.get(c.path(name), false));
  const directories = present.filter((name) => files.get(c.path(name), false)?.kind === 'directory');
  if (directories.length > 0 && !options.has('r') && !options.has('R')) {
    return c.fail(`${busybox ? `'${directories[0]}' is` : `cannot remove '${directories[0]}': Is`} a directory`);
  }
  return each(
    c,
    present,
    (name) => (busybox ? `can't remove '${name}'` : `cannot remove '${name}'`),
    (path) => files.remove(path),
  );
};

export const rmdir: Program = (c) =>
  each(
    c,
    parseOptions(c.args, 'p').operands,
    (name) => `'${name}'`,
    (path) => c.machine.files.remove(path),
  );

export const touch: Program = (c) => {
  const options = parseOptions(c.args, 'cd:t:r:am');
  const { files } = c.machine;
  return each(
    c,
    options.operands,
    (name) => `cannot touch '${name}'`,
    (path) => {
      const node = files.get(path);
      if (node) node.modified = c.machine.clock.now();
      else if (!options.has('c')) files.write(path, '');
    },
  );
};

/** A file or tree as an independent copy. */
function copyOf(node: Node): Node {
  if (node.kind === 'directory') {
    return { ...node, entries: new Map([...node.entries].map(([name, entry]) => [name, copyOf(entry)])) };
  }
  return { ...node };
}

function transfer(move: boolean): Program {
  return async (c) => {
    const options = parseOptions(c.args, 'rRafpdvniLHt:');
    const { files } = c.machine;
    const operands = [...options.operands];
    const target = options.get('t') ?? operands.pop();
    if (target === undefined || operands.length === 0) return c.fail('missing file operand');
    const into = files.get(c.path(target))?.kind === 'directory';
    return each(
      c,
      operands,
      (name) => `cannot ${move ? 'move' : 'copy'} '${name}'`,
      (path, name) => {
        const to = into ? `${c.path(target)}/${name.replace(/\/+$/, '').split('/').at(-1)}` : c.path(target);
        const node = files.get(path, !move);
        if (node?.kind === 'directory' || node?.kind === 'link') files.put(to, copyOf(node));
        else {
          const content = files.read(path);
          const made = files.write(to, content, (node?.mode ?? 0o644) & 0o7777);
          const program = (node as FileNode | undefined)?.program;
          if (program !== undefined) made.program = program;
        }
        if (move && path !== to) files.remove(path);
      },
    );
  };
}

export const cp = transfer(false);
export const mv = transfer(true);

export const ln: Program = async (c) => {
  const options = parseOptions(c.args, 'sfnT');
  const [target, link] = options.operands;
  if (target === undefined || link === undefined) return c.fail('missing file operand');
  const { files } = c.machine;
  return each(
    c,
    [link],
    () => `failed to create symbolic link '${link}'`,
    (path) => {
      if (options.has('f') && files.get(path, false)) files.remove(path);
      files.put(path, { kind: 'link', target, mode: 0o777, modified: c.machine.clock.now() });
    },
  );
};

export const chmod: Program = (c) => {
  const [mode = '', ...names] = parseOptions(
    c.args.filter((arg) => !/^-[Rvcf]+$/.test(arg)),
    '+',
  ).operands;
  const { files } = c.machine;
  return each(
    c,
    mode.startsWith('-') ? c.args.slice(1) : names,
    (name) => (c.machine.userSpace === 'busybox' ? name : `cannot access '${name}'`),
    (path) => {
      const node = files.get(path);
      if (!node) files.read(path);
      else node.mode = newMode(node.mode, mode);
    },
  );
};

/** A numeric mode or symbolic ones such as `u+x,go-w`. */
function newMode(before: number, text: string): number {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const [, who = '', operator = '+', what = ''] = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause) ?? [];
    let bits = 0;
    for (const [letter, bit] of [
      ['r', 4],
      ['w', 2],
      ['x', 1],
      ['X', 1],
    ] as const)
      if (what.includes(letter)) bits |= bit;
    for (const [group, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (who !== '' && !who.includes('a') && !who.includes(group)) continue;
      if (operator === '=') mode &= ~(7 << shift);
      mode = operator === '-' ? mode & ~(bits << shift) : mode | (bits << shift);
    }
  }
  return mode;
}

export const ls: Program = async (c) => {
  const options = parseOptions(c.args, 'laA1hdRtrSiF');
  const { files } = c.machine;
  let status = 0;
  const operands = options.operands.length > 0 ? options.operands : ['.'];
  const line = (entry: string, path: string): string =>
    `${options.has('l') ? longFormat(files.get(path, false)) : ''}${entry}\n`;
  const directories: string[] = [];
  let blocks = 0;
  for (const name of operands) {
    const node = files.get(c.path(name));
    if (!node) {
      const busybox = c.machine.userSpace === 'busybox';
      status = await c.fail(
        `${busybox ? name : `cannot access '${name}'`}: No such file or directory`,
        busybox ? 1 : 2,
      );
    } else if (node.kind === 'directory' && !options.has('d')) directories.push(name);
    else {
      await c.out(line(name, c.path(name)));
      blocks += 1;
    }
  }
  for (const name of directories) {
    if (operands.length > 1) await c.out(`${blocks > 0 ? '\n' : ''}${name}:\n`);
    blocks += 1;
    for (const entry of files.list(c.path(name)) ?? []) {
      if (entry.startsWith('.') && !options.has('a') && !options.has('A')) continue;
      await c.out(line(entry, `${c.path(name)}/${entry}`));
    }
  }
  return status;
};

function longFormat(node: Node | undefined): string {
  if (!node) return '';
  const kind = { file: '-', directory: 'd', link: 'l', device: 'c' }[node.kind];
  const bits = [...'rwxrwxrwx'].map((letter, at) => ((node.mode >> (8 - at)) & 1 ? letter : '-')).join('');
  const size = node.kind === 'file' ? node.content.length : 0;
  const [, month, day, , time] = new Date(node.modified)
    .toUTCString()
    .split(/[ ,]+/)
    .map((_, at, all) => all[[0, 2, 1, 3, 4][at] ?? 0] ?? '');
  return `${kind}${bits}    1 root     root     ${String(size).padStart(8)} ${month} ${day} ${(time ?? '').slice(0, 5)} `;
}

export const mktemp: Program = async (c) => {
  const options = parseOptions(c.args, 'dqup:t');
  const directory = options.get('p') ?? c.environment.get('TMPDIR') ?? '/tmp';
  const template = options.operands[0];
  const full =
    template === undefined
      ? `${directory}/tmp.XXXXXXXXXX`
      : template.includes('/') || !options.has('t')
        ? template
        : `${directory}/${template}`;
  if (!/X{3,}/.test(full)) return c.fail(`too few X's in template '${template}'`);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const path = full.replace(/X{3,}/, (run) =>
    [...randomBytes(run.length)].map((byte) => letters[byte % letters.length]).join(''),
  );
  const made = await c.attempt(`failed to create file via template '${full}'`, () => {
    if (options.has('d')) c.machine.files.makeDirectory(c.path(path), false, 0o700);
    else c.machine.files.write(c.path(path), '', 0o600);
  });
  if (made) await c.out(`${path}\n`);
  return made ? 0 : 1;
};
