import type { Echo } from '../data-plane.js';

export interface GuestOptions {
  readonly name: string;
  /** Guest seconds per real second. */
  readonly speed: number;
  readonly mac: string;
  readonly mtu: number;
  readonly address?: string;
  readonly prefix?: number;
  readonly gateway?: string;
  readonly dns?: readonly string[];
  readonly userData: string;
  readonly metadata: unknown;
  readonly ping: (to: string) => Echo | undefined;
}

export interface RunningGuest {
  console(lines?: number): string;
  stop(): void;
}

export function startGuest(_options: GuestOptions): RunningGuest {
  return { console: () => '', stop() {} };
}
