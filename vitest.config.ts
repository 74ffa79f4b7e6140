import { defineConfig } from 'vitest/config';

// Two workers: the suite runs real servers, and a laptop or a CI machine has few cores.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:faults` and `npm run test:openstack` run these.
    exclude: ['test/faults/**', 'test/cloud/**'],
    globalSetup: 'test/support/build.ts',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
