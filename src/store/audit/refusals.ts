import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: set-based, at the rate of requests.

/** How often a key or user was refused something within a minute or so. */
export interface Refusal {
  /** Null: nobody that we know. */
  readonly keyId: string | null;
  readonly userId: string | null;
  /** Whether the user is who was refused; else somebody tried to sign in as that user. */
  readonly inPerson: boolean;
  /** The network address of the client; null where refusals of many were added up. */
  readonly address: string | null;
  readonly method: string;
  readonly route: string;
  /** Of the problem that it received. */
  readonly code: string;
  readonly count: number;
}

/** Appends refusals to the audit, each to the part of the organisation concerned. */
export async function appendRefusals(db: Database, refusals: readonly Refusal[]): Promise<void> {
  await db.server.$executeRaw`
    insert into audit (organisation_id, actor, action, address, detail)
    select coalesce(k.organisation_id, u.organisation_id),
      coalesce('key ' || k.id, case when r."inPerson" then 'user ' || u.id end, 'nobody'),
      'request.refuse', nullif(r.address, '')::inet,
      jsonb_strip_nulls(jsonb_build_object('method', r.method, 'route', r.route, 'code', r.code,
        'count', r.count, 'user', case when not r."inPerson" then u.id end))
    from json_to_recordset(${JSON.stringify(refusals)}::json) as r("keyId" text, "userId" uuid,
      "inPerson" boolean, address text, method text, route text, code text, count integer)
    left join api_key k on k.id = r."keyId"
    left join user_account u on u.id = r."userId"`;
}
