import type { Prisma } from '../generated/client.ts';
import type { ServerTx, Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security, in every write.

export interface AuditEntry {
  readonly organisationId: number;
  /** The key, user or command that did it. */
  readonly actor: string;
  readonly action: string;
  readonly requestId: string | undefined;
  /** The network address of the client, if the act came from one. */
  readonly address?: string | undefined;
  readonly detail: Prisma.InputJsonObject;
  /** Named in the detail as `audience`, by the slugs of its parts. */
  readonly audienceId?: number;
}

/** Appends to the audit; returns the entry's id. */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<string> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    insert into audit (organisation_id, actor, action, request_id, address, detail)
    values (${entry.organisationId}, ${entry.actor}, ${entry.action}, ${entry.requestId ?? null},
      nullif(${entry.address ?? null}, '')::inet, ${JSON.stringify(entry.detail)}::jsonb
        || case when ${entry.audienceId ?? null}::integer is null then '{}'
           else jsonb_build_object('audience', audience_slugs(${entry.audienceId ?? null}::integer)) end)
    returning id::text`;
  if (row === undefined) throw new Error('The audit entry was not stored');
  return row.id;
}

/** Appends what was done outside any viewer: by administrators, the server or its operator. */
export async function appendServerAudit(
  tx: ServerTx,
  entry: Omit<AuditEntry, 'organisationId'> & { readonly organisationId: number | null },
): Promise<void> {
  await tx.$executeRaw`
    insert into audit (organisation_id, actor, action, request_id, address, detail)
    values (${entry.organisationId}::integer, ${entry.actor}, ${entry.action},
      ${entry.requestId ?? null}, nullif(${entry.address ?? null}, '')::inet, ${JSON.stringify(entry.detail)}::jsonb)`;
}
