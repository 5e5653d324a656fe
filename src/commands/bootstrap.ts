import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Keyring } from '../keyring.ts';
import { createKey, createOrganisation } from '../organisations/create.ts';
import { Problem } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { isUnfounded } from '../store/organisations.ts';
import type { Log } from '../telemetry.ts';

/** The organisation that runs the server. */
const OWNER = 'owner';
/** The community that everyone is in unless said otherwise. */
export const DEFAULT_COMMUNITY = 'alliance';

/**
 * The first start: makes the owner organisation and one admin key, which is written to `keyFile`,
 * readable by this user only, and to nowhere else. Of processes that start at once, one does it.
 */
export async function bootstrap(
  db: Database,
  keyring: Keyring,
  keyFile: string,
  log: Log,
): Promise<void> {
  if (!(await isUnfounded(db))) return;
  try {
    await createOrganisation(
      db,
      {
        slug: OWNER,
        name: 'Owner of this server',
        kind: 'alliance_body',
        communities: [DEFAULT_COMMUNITY],
        ceiling: 'red',
        defaultTlp: 'amber',
      },
      'first start',
    );
  } catch (error) {
    if (error instanceof Problem) return;
    throw error;
  }
  const wish = {
    organisation: OWNER,
    role: 'admin',
    label: 'first admin',
    expiresAt: null,
  } as const;
  const text = await createKey(db, keyring, wish, 'first start');
  await mkdir(dirname(keyFile), { recursive: true });
  await writeFile(keyFile, `${text}\n`, { mode: 0o600, flag: 'w' });
  log.info({ keyFile }, 'made the owner organisation and its admin key');
}
