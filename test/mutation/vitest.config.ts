import { defineConfig } from 'vitest/config';

/**
 * The tests by which mutants of src/stix are killed: all of its own but the fuzz tests and those over
 * real data, so that the figure is the same wherever it is taken.
 */
export default defineConfig({
  test: {
    include: ['src/stix/**/*.test.ts'],
    exclude: ['src/stix/**/fuzz*.test.ts', 'src/stix/real-data.test.ts'],
    // One process for all files of a run: most of the time went into loading the same modules again.
    isolate: false,
    testTimeout: 5_000,
  },
});
