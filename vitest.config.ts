import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/setup.ts'],
    // A process a file: tests open connections and start servers, and none may leak into the next.
    pool: 'forks',
    maxWorkers: 2,
    // Limits for a test that hangs, not for a slow machine: a test of the command line starts a dozen processes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
