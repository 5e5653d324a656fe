/**
 * `npm run generate`, second part: writes prisma/schema.sql, the schema of a database that
 * has just been migrated, on an embedded PostgreSQL of its own. With `--check` it writes nothing, and
 * exits with 1 and the first differences when the file differs.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbedded } from '../src/store/embedded/server.ts';
import { withClient } from '../src/store/postgres/connect.ts';
import { migrate } from '../src/store/postgres/migrate.ts';
import { differences } from './differences.ts';
import { schemaText } from './schema-text.ts';

const FILE = new URL('../prisma/schema.sql', import.meta.url);
/** The server is thrown away. */
const HASTY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
const logger = { info: () => undefined, warn: console.error, error: console.error };

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const text = await migratedSchema();
if (!values.check) {
  await writeFile(FILE, text);
} else {
  const kept = await readFile(FILE, 'utf8').catch(() => '');
  if (kept !== text) {
    console.error(
      'prisma/schema.sql is not the schema of a migrated database: run `npm run generate`',
    );
    for (const line of differences(kept, text)) console.error(line);
    process.exitCode = 1;
  }
}

async function migratedSchema(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tocsin-schema-'));
  try {
    const server = await startEmbedded({ dataDir, settings: HASTY, logger });
    try {
      await migrate({ url: server.url, logger });
      return await withClient(server.url, schemaText);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
