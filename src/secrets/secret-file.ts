/**
 * Files with secrets: master keys, clouds with passwords, PSKs, keys of client certificates.
 * The rule: one that others than its owner can read is not used, and the message says how to close it. What a container engine mounts under /run/secrets has the
 * mode that the host gave it, and the container has no others: there alone it is not looked at.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';

/** Where Docker, Podman, Kubernetes and systemd's containers put secrets; only root can make it. */
const MOUNTED = '/run/secrets/';

/** What the group or others may do. */
const OTHERS = 0o077;

/** Why a file is not safe for a secret, with the cure; undefined where it is safe, or not there. */
export function exposed(path: string): string | undefined {
  // Windows has no such bits.
  if (process.platform === 'win32') return undefined;
  const mode = modeOf(path);
  if (mode === undefined || (mode & OTHERS) === 0) return undefined;
  return `${path} holds a secret and can be read or changed by others (mode ${mode.toString(8).padStart(4, '0')}): chmod 600 ${path}`;
}

/** Mode bits of a file whose mode counts. */
function modeOf(path: string): number | undefined {
  try {
    return realpathSync(path).startsWith(MOUNTED) ? undefined : statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}

/** Files that configure this process itself, by their real paths. */
const own = new Set<string>();

/**
 * The text of a file that configures this process; its secret is from then on nobody's PSK. `what` names it in errors, as `REGIONLINK_MASTER_KEY_FILE`. Throws an
 * Error that says what is wrong, never what is in it.
 */
export function readOwnSecretFile(path: string, what: string): string {
  const problem = exposed(path);
  if (problem !== undefined) throw new Error(`${what}: ${problem}`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${what}: ${code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read (${code})`}`);
  }
  keepToOurselves(path);
  return text;
}

/** Takes note that a file which was read holds secrets of this process. */
export function keepToOurselves(path: string): void {
  own.add(realpathSync(path));
}

/** Whether a file is one of those that configure this process. */
export function isOwnSecretFile(path: string): boolean {
  try {
    return own.has(realpathSync(path));
  } catch {
    return false;
  }
}
