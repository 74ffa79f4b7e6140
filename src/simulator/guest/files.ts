/**
 * The guest's disk: a small tree in memory. Nothing a script writes ever reaches the host.
 * The one rule: paths are resolved here and nowhere else (absolute, `.`/`..`, links), and the total size is bounded.
 */
import type { OpenFile } from './streams.js';

/** A failed file operation, with the sentence a C library would print for it. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

export interface FileNode {
  readonly kind: 'file';
  content: string;
  mode: number;
  modified: number;
  /** Set for an installed program: the name of the built-in implementation. */
  program?: string;
}
export interface DirectoryNode {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  mode: number;
  modified: number;
}
interface LinkNode {
  readonly kind: 'link';
  readonly target: string;
  mode: number;
  modified: number;
}
/** A device or a /proc file: made anew each time it is opened. */
interface DeviceNode {
  readonly kind: 'device';
  readonly open: () => OpenFile;
  mode: number;
  modified: number;
}
export type Node = FileNode | DirectoryNode | LinkNode | DeviceNode;

const CAPACITY = 16 * 1024 * 1024;

/** Absolute, normalised path of `path` seen from `cwd`. */
export function absolute(path: string, cwd: string): string {
  const out: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') out.pop();
    else if (part !== '' && part !== '.') out.push(part);
  }
  return `/${out.join('/')}`;
}

/** An in-memory file system; every path given is absolute. */
export class GuestFiles {
  readonly root: DirectoryNode;
  readonly #now: () => number;
  #used = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.root = { kind: 'directory', entries: new Map(), mode: 0o755, modified: now() };
  }

  /** The node at `path`, following links; undefined if there is none. */
  get(path: string, follow = true, depth = 0): Node | undefined {
    let here: Node = this.root;
    const parts = absolute(path, '/').split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      if (here.kind !== 'directory') return undefined;
      const next: Node | undefined = here.entries.get(part);
      if (!next) return undefined;
      const last = index === parts.length - 1;
      if (next.kind === 'link' && (follow || !last)) {
        if (depth > 8) return undefined;
        const target = absolute(next.target, `/${parts.slice(0, index).join('/')}`);
        return this.get([target, ...parts.slice(index + 1)].join('/'), follow, depth + 1);
      }
      here = next;
    }
    return here;
  }

  /** Content of a regular file. @throws FileError */
  read(path: string): string {
    const node = this.get(path);
    if (!node) throw new FileError('No such file or directory');
    if (node.kind === 'directory') throw new FileError('Is a directory');
    return node.kind === 'file' ? node.content : '';
  }

  /** Replaces or makes a regular file. @throws FileError */
  write(path: string, content: string, mode?: number): FileNode {
    const existing = this.get(path);
    if (existing?.kind === 'directory') throw new FileError('Is a directory');
    if (existing?.kind === 'file') {
      this.resize(existing, content);
      if (mode !== undefined) existing.mode = mode;
      return existing;
    }
    const node: FileNode = { kind: 'file', content: '', mode: mode ?? 0o644, modified: this.#now() };
    this.resize(node, content);
    this.put(path, node);
    return node;
  }

  /** Sets a file's content within the disk's capacity. @throws FileError */
  resize(node: FileNode, content: string): void {
    const after = this.#used - node.content.length + content.length;
    if (after > CAPACITY && content.length > node.content.length) throw new FileError('No space left on device');
    this.#used = after;
    node.content = content;
    node.modified = this.#now();
    delete node.program;
  }

  /** Puts a node at `path`. @throws FileError if its directory is missing */
  put(path: string, node: Node): void {
    const { directory, name } = this.parent(path);
    directory.entries.set(name, node);
    directory.modified = this.#now();
  }

  /** Makes a directory; with `parents` also those above, and an existing one is no error. @throws FileError */
  makeDirectory(path: string, parents = false, mode = 0o755): void {
    const existing = this.get(path);
    if (existing) {
      if (parents && existing.kind === 'directory') return;
      throw new FileError('File exists');
    }
    if (parents) this.makeDirectory(absolute(`${path}/..`, '/'), true);
    this.put(path, { kind: 'directory', entries: new Map(), mode, modified: this.#now() });
  }

  /** Removes the entry at `path`, whatever it is. @throws FileError */
  remove(path: string): void {
    const { directory, name } = this.parent(path);
    const node = directory.entries.get(name);
    if (!node) throw new FileError('No such file or directory');
    this.#used -= sizeOf(node);
    directory.entries.delete(name);
    directory.modified = this.#now();
  }

  /** The directory that holds `path`, and the name in it. @throws FileError */
  parent(path: string): { directory: DirectoryNode; name: string } {
    const full = absolute(path, '/');
    const cut = full.lastIndexOf('/');
    const directory = this.get(full.slice(0, cut) || '/');
    if (!directory) throw new FileError('No such file or directory');
    if (directory.kind !== 'directory') throw new FileError('Not a directory');
    const name = full.slice(cut + 1);
    if (name === '') throw new FileError('Is a directory');
    return { directory, name };
  }

  /** Names in a directory, sorted; undefined if it is none. */
  list(path: string): readonly string[] | undefined {
    const node = this.get(path);
    return node?.kind === 'directory' ? [...node.entries.keys()].sort() : undefined;
  }
}

function sizeOf(node: Node): number {
  if (node.kind === 'file') return node.content.length;
  if (node.kind !== 'directory') return 0;
  let sum = 0;
  for (const entry of node.entries.values()) sum += sizeOf(entry);
  return sum;
}
