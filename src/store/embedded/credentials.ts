import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StoreError } from '../postgres/store-error.ts';

/** What Tocsin keeps about its own cluster, in `$TOCSIN_DATA_DIR/postgres.json`, mode 0600. */
export type Credentials = z.infer<typeof Credentials>;

const Credentials = z.object({
  /** The port of the last start; kept while nobody else takes it. */
  port: z.int().min(1).max(65535).optional(),
  adminPassword: z.string().min(1),
  ownerPassword: z.string().min(1),
});

export function newCredentials(): Credentials {
  return { adminPassword: newPassword(), ownerPassword: newPassword() };
}

/** Reads them; undefined when there are none yet. */
export async function readCredentials(dataDir: string): Promise<Credentials | undefined> {
  const path = credentialsPath(dataDir);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = Credentials.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw credentialsMissing(dataDir, 'is damaged');
}

/** Replaces them as a whole, so that a crash leaves the old or the new ones. */
export async function writeCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  const path = credentialsPath(dataDir);
  await rm(`${path}.new`, { force: true });
  await writeFile(`${path}.new`, `${JSON.stringify(credentials)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

export function credentialsMissing(dataDir: string, what = 'does not exist'): StoreError {
  return new StoreError(
    'credentials_missing',
    `${credentialsPath(dataDir)}, which holds the passwords of the embedded PostgreSQL, ${what}.`,
    'Restore the file from your backup of the data directory. Without it, the database cannot be used.',
  );
}

function credentialsPath(dataDir: string): string {
  return join(dataDir, 'postgres.json');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** 192 bits, in letters that a URL takes as they are. */
function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
