/**
 * Redirections: opening files of the guest's disk and devices, duplicating descriptors, here-documents.
 * The one rule: a command's redirections are undone when it returns, whatever happened, except those of a plain `exec`.
 */
import type { HereDoc, Redirection } from 'unbash';
import { absolute, FileError, type FileNode } from '../files.js';
import { OpenFile, Reader } from '../streams.js';
import { ShellError } from './control.js';
import { expandHereDocument, expandText } from './expand.js';
import type { Shell } from './shell.js';

/** Runs `body` with the redirections in force. @throws ShellError if one cannot be made */
export async function withRedirections<T>(
  shell: Shell,
  redirections: readonly Redirection[],
  body: () => Promise<T>,
): Promise<T> {
  if (redirections.length === 0) return body();
  const { process } = shell;
  const saved = new Map(process.fds);
  for (const file of saved.values()) file.retain();
  try {
    for (const redirection of redirections) await redirect(shell, redirection);
    return await body();
  } finally {
    if (process.status === undefined) {
      for (const fd of new Set([...process.fds.keys(), ...saved.keys()])) process.setFd(fd, saved.get(fd));
    }
    for (const file of saved.values()) file.release();
  }
}

/** Makes one redirection in the shell's process for good. @throws ShellError */
export async function redirect(shell: Shell, redirection: Redirection): Promise<void> {
  const { process } = shell;
  const given = redirection.descriptor?.type === 'FileDescriptor' ? redirection.descriptor.value : undefined;
  if (redirection.type === 'HereDoc') {
    process.setFd(given ?? 0, new OpenFile({ reader: Reader.of(await hereDocument(shell, redirection)) }));
    return;
  }
  const target = redirection.target ? await expandText(shell, redirection.target) : '';
  switch (redirection.operator) {
    case '<<<':
      process.setFd(given ?? 0, new OpenFile({ reader: Reader.of(`${target}\n`) }));
      return;
    case '<':
    case '<>':
      process.setFd(given ?? 0, openPath(shell, target, 'read'));
      return;
    case '>':
    case '>|':
      process.setFd(given ?? 1, openPath(shell, target, 'write'));
      return;
    case '>>':
      process.setFd(given ?? 1, openPath(shell, target, 'append'));
      return;
    case '&>':
    case '&>>': {
      const file = openPath(shell, target, redirection.operator === '&>' ? 'write' : 'append');
      process.setFd(1, file);
      process.setFd(2, file);
      return;
    }
    case '<&':
    case '>&': {
      const fd = given ?? (redirection.operator === '<&' ? 0 : 1);
      if (target === '-') process.setFd(fd, undefined);
      else process.setFd(fd, duplicate(shell, target));
    }
  }
}

function duplicate(shell: Shell, target: string): OpenFile {
  const file = /^\d+$/.test(target) ? shell.process.fds.get(Number(target)) : undefined;
  if (!file) throw new ShellError(`${target}: Bad file descriptor`);
  return file;
}

async function hereDocument(shell: Shell, node: HereDoc): Promise<string> {
  const { body } = node;
  const text = body.parts && !node.delimiter?.quoted ? await expandHereDocument(shell, stripTabs(node)) : body.text;
  return node.operator === '<<-' && (!body.parts || node.delimiter?.quoted) ? text.replace(/^\t+/gm, '') : text;
}

/** `<<-` drops tabs at the start of the script's lines, not of what an expansion puts in. */
function stripTabs(node: HereDoc): NonNullable<HereDoc['body']['parts']> {
  const parts = node.body.parts ?? [];
  if (node.operator !== '<<-') return parts;
  return parts.map((part, index) => {
    if (part.type !== 'Literal') return part;
    return { ...part, text: part.text.replace(index === 0 ? /(^|\n)\t+/g : /(\n)\t+/g, '$1') };
  });
}

/** Opens a path of the guest. @throws ShellError with the shell's own words */
export function openPath(shell: Shell, path: string, mode: 'read' | 'write' | 'append'): OpenFile {
  const { files } = shell.machine;
  const full = absolute(path, shell.cwd);
  if (full === '/dev/stdin' || full === '/dev/stdout' || full === '/dev/stderr') {
    return duplicate(shell, String(['/dev/stdin', '/dev/stdout', '/dev/stderr'].indexOf(full)));
  }
  const verb = mode === 'read' ? 'open' : 'create';
  try {
    const node = files.get(full);
    if (node?.kind === 'device') return node.open();
    if (mode === 'read') return openForReading(files.read(full), full, files.get(full));
    if (path === '') throw new FileError('No such file or directory');
    const file = mode === 'append' && node?.kind === 'file' ? node : files.write(full, '');
    return new OpenFile({ sink: fileSink(file, shell) });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason =
      error.message === 'No such file or directory'
        ? `${mode === 'read' ? 'No such file' : 'Directory nonexistent'}`
        : error.message;
    if (shell.machine.userSpace === 'iputils') throw new ShellError(`cannot ${verb} ${path}: ${reason}`);
    const plain =
      reason === 'No such file'
        ? 'no such file'
        : reason === 'Directory nonexistent'
          ? 'nonexistent directory'
          : reason;
    throw new ShellError(`can't ${verb} ${path}: ${plain}`);
  }
}

/** Reads a file from its start; what is appended meanwhile is seen. */
function openForReading(content: string, _path: string, node: unknown): OpenFile {
  const file = node as FileNode;
  if (file.kind !== 'file') return new OpenFile({ reader: Reader.of(content) });
  let at = 0;
  return new OpenFile({
    reader: new Reader(() => {
      const more = file.content.slice(at, at + 65_536);
      at += more.length;
      return more === '' ? undefined : more;
    }),
  });
}

function fileSink(file: FileNode, shell: Shell): { write(data: string): void } {
  return { write: (data) => shell.machine.files.resize(file, file.content + data) };
}
