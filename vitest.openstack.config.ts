import { defineConfig } from 'vitest/config';

// `npm run test:openstack`: one real cloud, so one thing at a time.
export default defineConfig({
  test: {
    include: ['test/cloud/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
