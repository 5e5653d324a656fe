/** What the step `schema` must refuse. That its comparison sees every kind of change: test/store/schema-text.test.ts. */
import type { Case } from './check-offences.ts';

export const schemaCases: Case[] = [
  {
    step: 'schema',
    name: 'drift of the schema of the database',
    files: {
      'scripts/generate-schema.ts':
        'process.exitCode = process.argv.includes("--check") ? 1 : 0;\n',
    },
    told: /exit 1/,
  },
  {
    step: 'schema',
    name: 'no generator of the schema of the database',
    alone: true,
    files: { 'scripts/generate-schema.ts': null },
    told: /Cannot find module/,
  },
];
