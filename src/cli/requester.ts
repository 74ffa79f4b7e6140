import { userInfo } from 'node:os';

/** Who runs the command, for the audit. */
export function requester(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
