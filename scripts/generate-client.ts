/**
 * Writes the Prisma client into src/store/generated (run by `npm ci` through postinstall).
 *
 * Prisma's CLI looks for a schema engine that it would download; `generate` needs none, so any
 * existing file satisfies it and nothing leaves the machine. Where Prisma's CLI is left out
 * (a production install), the client was generated before.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = `${root}/node_modules/prisma/build/index.js`;

if (existsSync(cli)) {
  const run = spawnSync(process.execPath, [cli, 'generate'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (run.status !== 0) process.exit(run.status ?? 1);
}
