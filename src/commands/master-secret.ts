import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, type Config } from '../config.ts';
import { createKeyring, type Keyring } from '../keyring.ts';
import { inspectCluster, prepareDataDirectory } from '../store/embedded/cluster.ts';
import { StoreError } from '../store/postgres/store-error.ts';

const BYTES = 32;

/**
 * The keyring of this server. The master secret is read from TOCSIN_SECRET_FILE (32 bytes, raw, in
 * hexadecimal or in base64). With the embedded database one is made at the first start; with a
 * database of the operator's, several processes must share one, so it must be given.
 * @throws ConfigError, or StoreError `master_secret_missing` and what `inspectCluster` throws
 */
export async function loadKeyring(config: Config): Promise<Keyring> {
  const { secretFile, oldSecretFile, databaseUrl, dataDir } = config;
  if (secretFile === undefined && databaseUrl !== undefined) {
    throw new ConfigError(
      'TOCSIN_SECRET_FILE is required with DATABASE_URL. Create one with: openssl rand -hex 32',
    );
  }
  const current =
    secretFile === undefined ? await ownSecret(dataDir) : await readSecret(secretFile);
  const older = oldSecretFile === undefined ? undefined : await readSecret(oldSecretFile);
  return createKeyring(current, older);
}

/** The secret is there before the cluster is, so where there is a cluster without it, it was lost. */
async function ownSecret(dataDir: string): Promise<Buffer> {
  await prepareDataDirectory(dataDir);
  const path = join(dataDir, 'master.secret');
  // In this order: another process may make both meanwhile.
  const isNew = (await inspectCluster(dataDir)) === undefined;
  if (isNew) await makeSecret(path);
  else if (!existsSync(path)) throw secretMissing(path);
  return readSecret(path);
}

/** Leaves the one that is there, and never half a one. */
async function makeSecret(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
}

function secretMissing(path: string): StoreError {
  return new StoreError(
    'master_secret_missing',
    `${path}, with which the keys and signing secrets of the database were created, does not exist.`,
    'Restore the file from your backup of the data directory, or name it in TOCSIN_SECRET_FILE; with another secret none of them works.',
  );
}

async function readSecret(path: string): Promise<Buffer> {
  let raw: Buffer;
  try {
    raw = await readFile(path);
  } catch (cause) {
    throw new ConfigError(`The master secret ${path} cannot be read`, { cause });
  }
  const text = raw.toString('latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (raw.length === BYTES) return raw;
  const decoded = Buffer.from(text, 'base64');
  if (decoded.length === BYTES) return decoded;
  throw new ConfigError(
    `The master secret ${path} does not have 32 bytes (raw, hexadecimal or base64)`,
  );
}
