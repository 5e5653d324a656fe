/**
 * The floor of ingest: the very rows that the server wrote, written again to the same tables by
 * set-based SQL and nothing else, as the owner, in transactions of the same size.
 */
import { Client } from 'pg';
import { share } from '../client.ts';
import { atEnd } from '../endings.ts';
import { timed } from '../measurement.ts';
import { asOwner } from '../owner.ts';

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
        'kind', o.kind, 'value', o.value, 'digest', o.digest)), '[]')::text
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
    insert into observable
    select id, ordinal, realm_id, organisation_id, audience_id, tlp, kind, value, digest
    from json_to_recordset($2) as o(stix_id text, ordinal smallint, kind text, value text,
      digest bigint) join saved using (stix_id)
  )
  insert into inbox (turn, kind, version_id, organisation_id, audience_id, tlp, realm_id)
  select 0, 'put', id, organisation_id, audience_id, tlp, realm_id from saved`;

/** Rows are versions: those of each are counted as one. The tables are emptied before, but for the audit, which allows no such thing. */
export async function writeFloor(
  url: string,
  { batch, connections }: { readonly batch: number; readonly connections: number },
): Promise<{ rows: number; seconds: number }> {
  const { batches, rows } = await asOwner(url, async (client) => {
    const read = await readBatches(client, batch);
    await client.query('truncate version, observable, inbox, log');
    await client.query('checkpoint').catch(() => undefined);
    return read;
  });
  const clients = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const { seconds } = await timed(() =>
    share(batches, clients, async (client, { versions, observables, contents }) => {
      const values = [versions, observables, contents];
      await client.query({ name: 'write', text: write, values });
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return { rows, seconds };
}

async function readBatches(
  client: Client,
  size: number,
): Promise<{ batches: Batch[]; rows: number }> {
  const batches: Batch[] = [];
  let rows = 0;
  for (let after = '0'; ;) {
    const { rows: found } = await client.query<Batch & { last: string | null; count: number }>(
      readBatch,
      [after, size],
    );
    const [batch] = found;
    if (batch === undefined || batch.last === null) return { batches, rows };
    batches.push(batch);
    rows += batch.count;
    after = batch.last;
  }
}

async function open(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  atEnd(() => client.end());
  return client;
}
