import { bytes } from '../postgres/typed.ts';
import type { ServerTx } from '../postgres/transaction.ts';

/** Puts a secret in place that counts once it is confirmed; undefined takes all of it away. */
export async function setSecret(
  tx: ServerTx,
  userId: string,
  sealed: Buffer | undefined,
): Promise<void> {
  await tx.user.updateMany({
    where: { id: userId },
    data: {
      totpSecret: sealed === undefined ? null : bytes(sealed),
      totpConfirmedAt: null,
      totpStep: null,
    },
  });
  if (sealed === undefined) await replaceRecoveryCodes(tx, userId, []);
}

/** Replaces the sealed secret, and leaves all else as it was. */
export async function resealSecret(tx: ServerTx, userId: string, sealed: Buffer): Promise<void> {
  await tx.user.updateMany({ where: { id: userId }, data: { totpSecret: bytes(sealed) } });
}

export async function confirmSecret(tx: ServerTx, userId: string, now: Date): Promise<void> {
  await tx.user.updateMany({ where: { id: userId }, data: { totpConfirmedAt: now } });
}

/** Uses up a step; false when it, or a later one, has been used: then the code is a replay. */
export async function takeStep(tx: ServerTx, userId: string, step: number): Promise<boolean> {
  const taken = await tx.user.updateMany({
    where: { id: userId, OR: [{ totpStep: null }, { totpStep: { lt: step } }] },
    data: { totpStep: step },
  });
  return taken.count === 1;
}

export async function replaceRecoveryCodes(
  tx: ServerTx,
  userId: string,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.recoveryCode.deleteMany({ where: { userId } });
  if (hashes.length === 0) return;
  const codes = hashes.map((hash) => ({ userId, codeHash: bytes(hash) }));
  await tx.recoveryCode.createMany({ data: codes });
}

/** Uses up a recovery code; false when it is none. */
export async function takeRecoveryCode(
  tx: ServerTx,
  userId: string,
  hash: Buffer,
): Promise<boolean> {
  const taken = await tx.recoveryCode.deleteMany({ where: { userId, codeHash: bytes(hash) } });
  return taken.count === 1;
}
