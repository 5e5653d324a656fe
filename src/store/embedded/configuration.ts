/** The configuration files of a restored cluster, as initdb writes them for a new one on this machine. */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, copyFile, constants, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { clusterDirectory, makeCluster } from './cluster.ts';

const FILES = ['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf'];

/**
 * Adds the configuration files to a cluster that has none. They come from a new cluster, which is made
 * beside it and removed. The caller has the directory to itself.
 * @throws StoreError as makeCluster does
 */
export async function addConfiguration(
  dataDir: string,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  const scratch = join(dataDir, `configuration-${randomUUID()}`);
  await mkdir(scratch);
  try {
    // The borrowed account of a root process has to reach the cluster, which is private by itself.
    await chmod(scratch, 0o711);
    const adminPassword = randomBytes(24).toString('base64url');
    await makeCluster(scratch, binaries, account, { adminPassword, durable: false });
    for (const name of FILES) {
      const path = join(clusterDirectory(dataDir), name);
      await copyFile(join(clusterDirectory(scratch), name), path, constants.COPYFILE_EXCL);
      await protect(path, account);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function protect(path: string, { identity }: Account): Promise<void> {
  if (identity !== undefined) await chown(path, identity.uid, identity.gid);
  const file = await open(path);
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}
