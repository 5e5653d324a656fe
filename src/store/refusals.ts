import type { Database } from './database.ts';

/** How often a key was refused something within a minute or so. */
export interface Refusal {
  /** Null: nobody that we know. */
  readonly keyId: string | null;
  readonly method: string;
  readonly route: string;
  /** Of the problem that it was told. */
  readonly code: string;
  readonly count: number;
}

/** Appends refusals to the audit, each to the part of the key's organisation. */
export async function appendRefusals(db: Database, refusals: readonly Refusal[]): Promise<void> {
  await db.server.$executeRaw`
    insert into audit (organisation_id, actor, action, detail)
    select k.organisation_id, coalesce('key ' || k.id, 'nobody'), 'request.refuse',
      jsonb_build_object('method', r.method, 'route', r.route, 'code', r.code, 'count', r.count)
    from json_to_recordset(${JSON.stringify(refusals)}::json) as r("keyId" text, method text,
      route text, code text, count integer)
    left join api_key k on k.id = r."keyId"`;
}
