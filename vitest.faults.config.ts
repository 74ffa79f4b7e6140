import { defineConfig } from 'vitest/config';

// `npm run test:faults`: thousands of runs over real servers, so one file at a time a core.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    // A Temporal server of a few minutes collects its garbage less often.
    env: { GOGC: '800' },
    maxWorkers: 2,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
