import type { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: the time of the database in an upsert.

export interface LogoRecord {
  readonly mediaType: 'image/png' | 'image/jpeg';
  readonly content: Uint8Array;
}

export async function findLogo(
  tx: Prisma.TransactionClient,
  organisationId: number,
): Promise<LogoRecord | undefined> {
  const logo = await tx.organisationLogo.findUnique({
    where: { organisationId },
    select: { mediaType: true, content: true },
  });
  return logo === null ? undefined : (logo as LogoRecord);
}

/** Keeps a logo in the place of the one before. */
export async function putLogo(
  tx: ServerTx,
  organisationId: number,
  { mediaType, content }: LogoRecord,
): Promise<void> {
  await tx.$executeRaw`
    insert into organisation_logo (organisation_id, media_type, content)
    values (${organisationId}, ${mediaType}, ${content})
    on conflict (organisation_id) do update
      set media_type = excluded.media_type, content = excluded.content, put_at = now()`;
}

/** Whether there was one. */
export async function deleteLogo(tx: ServerTx, organisationId: number): Promise<boolean> {
  const gone = await tx.organisationLogo.deleteMany({ where: { organisationId } });
  return gone.count > 0;
}
