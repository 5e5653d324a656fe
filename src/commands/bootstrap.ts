import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { createKey, createOrganisation, DEFAULT_COMMUNITY } from '../members/create.ts';
import type { Database } from '../store/postgres/database.ts';
import { prepareDataDirectory } from '../store/embedded/cluster.ts';
import { isUnfounded, whileFounding } from '../store/members/organisations.ts';
import type { Logger } from '../telemetry.ts';

/** The organisation that runs the server. */
const OWNER = 'owner';
const ACTOR = 'first start';

/**
 * The first start: makes the owner organisation and one admin key, which is written to `keyFile`,
 * readable by this user only, and to nowhere else. Of processes that start at once one does it,
 * and what a crash left half done the next start ends.
 */
export async function bootstrap(
  db: Database,
  keyring: Keyring,
  keyFile: string,
  logger: Logger,
): Promise<void> {
  if (!(await isUnfounded(db))) return;
  await whileFounding(db, async () => {
    if (!(await isUnfounded(db))) return;
    // Before the key: otherwise a key that nobody could read would remain permanently.
    await prepareDataDirectory(dirname(keyFile));
    await ensureOwner(db);
    const key = {
      organisation: OWNER,
      role: 'admin',
      label: 'first admin',
      expiresAt: null,
    } as const;
    const text = await createKey(db, keyring, key, ACTOR);
    await writeFile(keyFile, `${text}\n`, { mode: 0o600, flag: 'w' });
    logger.info({ keyFile }, 'created the owner organisation and its admin key');
  });
}

async function ensureOwner(db: Database): Promise<void> {
  const owner = {
    slug: OWNER,
    name: 'Owner of this server',
    kind: 'alliance_body',
    communities: [DEFAULT_COMMUNITY],
    ceiling: 'red',
    defaultTlp: 'amber',
  } as const;
  try {
    await createOrganisation(db, owner, ACTOR);
  } catch (error) {
    // It is there: a start that was cut off made it, and no key.
    if (!(error instanceof Problem)) throw error;
  }
}
