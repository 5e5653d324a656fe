/**
 * Lets git run the hooks in `.githooks/`; `npm ci` runs this (`prepare` in package.json). It does nothing
 * outside a git work tree, in production installs, or where another folder of hooks is configured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hooks = '.githooks';

const isProduction =
  process.env['NODE_ENV'] === 'production' || /\bdev\b/.test(process.env['npm_config_omit'] ?? '');

/** What git prints; undefined where it fails or is not installed. */
function git(...args: string[]): string | undefined {
  const run = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

// A folder without `.git` may lie in the work tree of somebody else's project.
if (!isProduction && existsSync(`${root}.git`) && git('config', 'core.hooksPath') === undefined) {
  git('config', 'core.hooksPath', hooks);
}
