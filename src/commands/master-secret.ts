import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, type Config } from '../config.ts';
import { createKeyring, type Keyring } from '../keyring.ts';

const BYTES = 32;

/**
 * The keyring of this server. The master secret is read from TOCSIN_SECRET_FILE (32 bytes, raw, in
 * hexadecimal or in base64). With the embedded database one is made at the first start; with a
 * database of the operator's, several processes must share one, so it must be given.
 */
export async function loadKeyring(config: Config): Promise<Keyring> {
  const { secretFile, oldSecretFile, databaseUrl, dataDir } = config;
  if (secretFile === undefined && databaseUrl !== undefined) {
    throw new ConfigError(
      'TOCSIN_SECRET_FILE is required with DATABASE_URL. Make one with: openssl rand -hex 32',
    );
  }
  const current =
    secretFile === undefined ? await ownSecret(dataDir) : await readSecret(secretFile);
  const older = oldSecretFile === undefined ? undefined : await readSecret(oldSecretFile);
  return createKeyring(current, older);
}

async function ownSecret(dataDir: string): Promise<Buffer> {
  const path = join(dataDir, 'master.secret');
  await mkdir(dataDir, { recursive: true });
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${randomBytes(BYTES).toString('hex')}\n`);
    await file.sync();
    await file.close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readSecret(path);
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
  throw new ConfigError(`The master secret ${path} has not 32 bytes (raw, hexadecimal or base64)`);
}
