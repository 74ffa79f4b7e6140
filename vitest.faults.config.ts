import { defineConfig } from 'vitest/config';

// `npm run test:faults`: thousands of runs over real servers, so one file at a time a core.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    maxWorkers: 2,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
