import { defineConfig } from 'vitest/config';

// `npm run test:faults`: thousands of runs over real servers. One file more at a time than two cores carry: some mostly wait.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    // A Temporal server of a few minutes collects its garbage less often.
    env: { GOGC: '800' },
    maxWorkers: 3,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
