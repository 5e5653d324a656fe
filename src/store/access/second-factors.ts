import type { ServerTx } from '../postgres/transaction.ts';

/** Puts a secret in place that counts once it is confirmed; undefined takes all of it away. */
export async function setSecret(
  tx: ServerTx,
  userId: string,
  sealed: Buffer | undefined,
): Promise<void> {
  await tx.$executeRaw`
    update user_account
    set totp_secret = ${sealed ?? null}, totp_confirmed_at = null, totp_step = null
    where id = ${userId}::uuid`;
  if (sealed === undefined) await replaceRecoveryCodes(tx, userId, []);
}

/** Keeps the secret sealed anew, all else as it was. */
export async function resealSecret(tx: ServerTx, userId: string, sealed: Buffer): Promise<void> {
  await tx.$executeRaw`
    update user_account set totp_secret = ${sealed} where id = ${userId}::uuid`;
}

export async function confirmSecret(tx: ServerTx, userId: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    update user_account set totp_confirmed_at = ${now}::timestamptz where id = ${userId}::uuid`;
}

/** Uses up a step; false when it, or a later one, has been used: then the code is a replay. */
export async function takeStep(tx: ServerTx, userId: string, step: number): Promise<boolean> {
  const taken = await tx.$executeRaw`
    update user_account set totp_step = ${step}::bigint
    where id = ${userId}::uuid and (totp_step is null or totp_step < ${step}::bigint)`;
  return taken === 1;
}

export async function replaceRecoveryCodes(
  tx: ServerTx,
  userId: string,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.$executeRaw`delete from recovery_code where user_id = ${userId}::uuid`;
  await tx.$executeRaw`
    insert into recovery_code (user_id, code_hash)
    select ${userId}::uuid, hash from unnest(${[...hashes]}::bytea[]) as hash`;
}

/** Uses up a recovery code; false when it is none. */
export async function takeRecoveryCode(
  tx: ServerTx,
  userId: string,
  hash: Buffer,
): Promise<boolean> {
  const taken = await tx.$executeRaw`
    delete from recovery_code where user_id = ${userId}::uuid and code_hash = ${hash}`;
  return taken === 1;
}
