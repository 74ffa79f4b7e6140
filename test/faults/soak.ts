/** What the random tests go by: how long they draw, and from which seed. A soak has as much time as it was asked for. */
import { vi } from 'vitest';

/** Of a soak, from `SOAK_MINUTES`; 0 for the short form. */
export const minutes = Number(process.env.SOAK_MINUTES ?? 0);

/** From `SEED`; the same each time in the short form, another one in a soak. */
export const seed = Number(process.env.SEED ?? (minutes > 0 ? Date.now() % 2 ** 31 : 20_261_125));

if (minutes > 0) vi.setConfig({ testTimeout: 24 * 3600_000 });
