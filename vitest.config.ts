import { defineConfig } from 'vitest/config';

// Three workers: the suite runs real servers on few cores, and a test mostly waits for them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:faults` and `npm run test:openstack` run these.
    exclude: ['test/faults/**', 'test/cloud/**'],
    globalSetup: 'test/support/build.ts',
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
