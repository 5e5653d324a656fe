/**
 * The floor of ingest: the very rows that the server wrote, written again by set-based SQL and nothing
 * else, as the owner, in transactions of the same size, to tables with the same columns, defaults and
 * indexes in a schema of their own.
 */
import { Client } from 'pg';
import { share } from '../client.ts';
import { atEnd } from '../endings.ts';
import { timed } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import type { Part } from '../pairs.ts';

const SCHEMA = 'bench_floor';
const TABLES = ['version', 'observable', 'inbox', 'audit'];

/** One transaction's rows: JSON for json_to_recordset, and the contents that it cuts out by place. */
interface Batch {
  readonly versions: string;
  readonly contents: Buffer;
  readonly observables: string;
}

const readBatch = `
  with picked as (
    select *, octet_length(content) as bytes,
      1 + sum(octet_length(content)) over (order by id) - octet_length(content) as start
    from version where id > $1 order by id limit $2
  )
  select max(id) as last, count(*)::integer as count,
    json_agg(to_jsonb(picked) - 'content' order by stix_id)::text as versions,
    convert_to(string_agg(content, '' order by id), 'UTF8') as contents,
    (select coalesce(json_agg(json_build_object('stix_id', p.stix_id, 'ordinal', o.ordinal,
        'role', o.role, 'file', o.file, 'kind', o.kind, 'value', o.value, 'key', o.key,
        'address', o.address, 'domain', o.domain)), '[]')::text
     from picked p join observable o on o.version_id = p.id) as observables
  from picked`;

const write = `
  with given as materialized (
    select * from json_to_recordset($1) as g(realm_id smallint, organisation_id integer,
      stix_id text, type text, modified timestamptz, audience_id integer, tlp smallint,
      superseded boolean, revoked boolean, confidence smallint, labels text[],
      created_by_ref text, valid_until timestamptz, content_hash bytea,
      content_key bytea, start integer, bytes integer)
  ), noted as (
    insert into audit (organisation_id, actor, action, detail)
    select organisation_id, 'key', 'objects.share', '{}' from given limit 1
    returning id
  ), saved as (
    insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
      superseded, revoked, confidence, labels, created_by_ref, valid_until, content_hash, content_key,
      content, audit_id)
    select realm_id, organisation_id, stix_id, type, modified, audience_id, tlp, superseded,
      revoked, confidence, labels, created_by_ref, valid_until, content_hash, content_key,
      convert_from(substring($3::bytea from start for bytes), 'UTF8'), noted.id
    from given, noted
    returning id, stix_id, realm_id, organisation_id, audience_id, tlp
  ), drawn as (
    insert into observable (version_id, ordinal, realm_id, organisation_id, audience_id, tlp, role,
      file, kind, value, key, address, domain)
    select id, ordinal, realm_id, organisation_id, audience_id, tlp, role, file, kind, value, key,
      address, domain
    from json_to_recordset($2) as o(stix_id text, ordinal smallint, role smallint, file smallint,
      kind text, value text, key uuid, address inet, domain text) join saved using (stix_id)
  )
  insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
  select 0, 'put', id, organisation_id, audience_id, tlp, realm_id from saved`;

export interface WriteFloor {
  /** Writes what the server wrote since the last call. An object counts as one, with its observables. */
  write(): Promise<Part>;
  close(): Promise<void>;
}

/** Makes the tables, and takes what the server has written so far as done. */
export async function prepareFloor(
  url: string,
  { batch, connections }: { readonly batch: number; readonly connections: number },
): Promise<WriteFloor> {
  let after = await asOwner(url, async (client) => {
    await client.query(`create schema ${SCHEMA}`);
    for (const table of TABLES) {
      await client.query(`create table ${SCHEMA}.${table} (like public.${table} including all)`);
    }
    const { rows } = await client.query<{ last: string }>(
      'select coalesce(max(id), 0) as last from version',
    );
    return rows[0]?.last ?? '0';
  });
  const clients = await Promise.all(Array.from({ length: connections }, () => open(url)));
  return {
    write: async () => {
      const read = await asOwner(url, (client) => readBatches(client, after, batch));
      after = read.last;
      const { seconds } = await timed(() =>
        share(read.batches, clients, async (client, { versions, observables, contents }) => {
          const values = [versions, observables, contents];
          await client.query({ name: 'write', text: write, values });
        }),
      );
      return { objects: read.rows, seconds };
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}

async function readBatches(
  client: Client,
  from: string,
  size: number,
): Promise<{ batches: Batch[]; rows: number; last: string }> {
  const batches: Batch[] = [];
  let rows = 0;
  for (let last = from; ;) {
    const { rows: found } = await client.query<Batch & { last: string | null; count: number }>(
      readBatch,
      [last, size],
    );
    const [batch] = found;
    if (batch === undefined || batch.last === null) return { batches, rows, last };
    batches.push(batch);
    rows += batch.count;
    ({ last } = batch);
  }
}

async function open(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    options: `-c search_path=${SCHEMA},public`,
  });
  client.on('error', () => undefined);
  await client.connect();
  atEnd(() => client.end());
  return client;
}
