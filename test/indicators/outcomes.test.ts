import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, type Actor } from '../support/actors.ts';
import { address, indicator, malware, newer } from '../support/builders.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe('what becomes of an object', () => {
  it('new: created, in the order of the request, and whole when it is read', async () => {
    const objects = [
      indicator(),
      malware({ x_score: 1.5 }),
      address(),
      indicator({ labels: ['a', 'é', '😀'] }),
    ];
    const response = await alice.posts(objects);
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({
      dry_run: false,
      summary: { created: 4, updated: 0, unchanged: 0, stale: 0, rejected: 0 },
      results: objects.map(({ id }, index) => ({ index, id, outcome: 'created' })),
    });
    for (const object of objects) expect((await alice.finds(object.id)).body).toEqual(object);
  });

  it('a later modified: updated', async () => {
    const object = indicator();
    await alice.shares(object);
    expect(outcomes(await alice.posts(newer(object)))).toEqual(['updated']);
    expect((await alice.finds(object.id)).body).toEqual(newer(object));
  });

  it('the same again: unchanged, whatever the order of its keys, and nothing is written', async () => {
    const object = indicator();
    await alice.shares(object);
    const before = await rowCounts(tocsin);
    const turned = Object.fromEntries(Object.entries(object).toReversed());
    expect(outcomes(await alice.posts([object, turned]))).toEqual(['unchanged', 'unchanged']);
    expect(await rowCounts(tocsin)).toEqual(before);
  });

  it('an older modified: stale; an older one that is known: unchanged', async () => {
    const object = indicator();
    await alice.shares(newer(object, 10));
    expect(outcomes(await alice.posts(object))).toEqual(['stale']);
    await alice.shares(newer(object, 20));
    expect(outcomes(await alice.posts(newer(object, 10)))).toEqual(['unchanged']);
    expect((await alice.finds(object.id)).body).toEqual(newer(object, 20));
  });

  it('the same modified with other content: version_conflict, now and for old versions', async () => {
    const object = indicator();
    await alice.shares(object);
    const response = await alice.posts({ ...object, name: 'Other' });
    expect(response.body.results[0]).toMatchObject({
      outcome: 'rejected',
      code: 'version_conflict',
      path: '$.modified',
      id: object.id,
    });
    await alice.shares(newer(object));
    expect(outcomes(await alice.posts({ ...object, name: 'Other' }))).toEqual(['version_conflict']);
  });

  it('times that differ by a microsecond are two versions, by less are one', async () => {
    const object = indicator({ modified: '2026-01-01T00:00:00.000001Z' });
    await alice.shares(object);
    expect(
      outcomes(await alice.posts({ ...object, modified: '2026-01-01T00:00:00.000002Z' })),
    ).toEqual(['updated']);
    expect(
      outcomes(await alice.posts({ ...object, modified: '2026-01-01T00:00:00.0000021Z' })),
    ).toEqual(['version_conflict']);
  });

  it('revoked: final, for later versions of any kind', async () => {
    const object = indicator();
    await alice.shares([object, newer(object, 1, { revoked: true })]);
    const later = await alice.posts([newer(object, 2), newer(object, 3, { revoked: true })]);
    expect(outcomes(later)).toEqual(['revoked_is_final', 'revoked_is_final']);
    expect(outcomes(await alice.posts(newer(object, 1, { revoked: true })))).toEqual(['unchanged']);
    expect((await alice.finds(object.id)).body).toMatchObject({ revoked: true });
  });
});

describe('several of one object in a bundle', () => {
  it('are decided in their order', async () => {
    const object = indicator();
    const response = await alice.posts([
      object,
      object,
      newer(object, 2),
      newer(object, 1),
      { ...newer(object, 2), name: 'Other' },
      newer(object, 3, { revoked: true }),
      newer(object, 4),
    ]);
    expect(outcomes(response)).toEqual([
      'created',
      'unchanged',
      'updated',
      'stale',
      'version_conflict',
      'updated',
      'revoked_is_final',
    ]);
    await tocsin.sequenced();
    expect((await alice.finds(object.id)).body).toEqual(newer(object, 3, { revoked: true }));
    const all = await alice.finds(object.id, { version: 'all' });
    expect(all.body.objects).toHaveLength(3);
  });
});

describe('objects without versions', () => {
  it('are unchanged when the same comes again, updated when it differs, and come back as they were', async () => {
    const object = address();
    expect(outcomes(await alice.posts([object, object]))).toEqual(['created', 'unchanged']);
    expect(outcomes(await alice.posts(object))).toEqual(['unchanged']);
    const other = { ...object, value: '192.0.2.8' };
    expect(outcomes(await alice.posts([other, other]))).toEqual(['updated', 'unchanged']);
    expect((await alice.finds(object.id)).body).toEqual(other);
    expect(outcomes(await alice.posts([object, other, object]))).toEqual([
      'updated',
      'updated',
      'updated',
    ]);
    expect((await alice.finds(object.id)).body).toEqual(object);
  });
});

describe('all or nothing', () => {
  it('takes all when all can be taken, stale and unchanged among them', async () => {
    const [known, fresh] = [indicator(), indicator()];
    await alice.shares(newer(known));
    const response = await alice.posts([known, newer(known), fresh], { atomic: 'true' });
    expect(outcomes(response)).toEqual(['stale', 'unchanged', 'created']);
  });

  it.each([
    ['a check', () => [indicator({ pattern: undefined })]],
    ['the rules of versions', (known: object) => [{ ...known, name: 'Other' }]],
  ])('writes no row when one object fails %s', async (_, bad) => {
    const known = indicator();
    await alice.shares(known);
    const before = await rowCounts(tocsin);
    const response = await alice.posts([indicator(), ...bad(known), newer(known)], {
      atomic: 'true',
    });
    expect(response.status).toBe(422);
    expect(response.body).toMatchObject({ code: 'atomic_aborted', status: 422 });
    expect(outcomes(response)[0]).toBe('withheld');
    expect(outcomes(response)[2]).toBe('withheld');
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});

describe('a dry run', () => {
  it('says what would happen and writes no row at all', async () => {
    const known = indicator();
    await alice.shares(known);
    const before = await rowCounts(tocsin);
    const objects = [indicator(), known, newer(known), { ...known, name: 'Other' }, address()];
    const response = await alice.posts(objects, { dry_run: 'true' });
    expect(response.body.dry_run).toBe(true);
    const said = outcomes(response);
    expect(said).toEqual(['created', 'unchanged', 'updated', 'version_conflict', 'created']);
    expect(await rowCounts(tocsin)).toEqual(before);
    expect(outcomes(await alice.posts(objects))).toEqual(said);
  });

  it('with atomic says that nothing would be taken', async () => {
    const response = await alice.posts([indicator(), {}], { dry_run: 'true', atomic: 'true' });
    expect(response.status).toBe(422);
    expect(outcomes(response)).toEqual(['withheld', 'missing_property']);
  });

  it('of one indicator writes no row', async () => {
    const before = await rowCounts(tocsin);
    const response = await alice
      .sends('post', '/indicators')
      .query({ dry_run: 'true' })
      .send(indicator());
    expect(response.body.outcome).toBe('created');
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});

describe('POST /indicators', () => {
  it('answers each outcome with its own status', async () => {
    const object = indicator();
    const post = (body: object) => alice.sends('post', '/indicators').send(body);
    expect(await post(object)).toMatchObject({
      status: 201,
      body: { id: object.id, outcome: 'created' },
    });
    expect(await post(object)).toMatchObject({ status: 200, body: { outcome: 'unchanged' } });
    expect(await post(newer(object))).toMatchObject({ status: 200, body: { outcome: 'updated' } });
    expect(await post(object)).toMatchObject({ status: 200, body: { outcome: 'unchanged' } });
    expect(await post(newer(object, -1))).toMatchObject({
      status: 200,
      body: { outcome: 'stale' },
    });
    expect(await post({ ...newer(object), name: 'Other' })).toMatchObject({
      status: 409,
      body: { code: 'version_conflict', outcome: 'rejected', id: object.id },
    });
    await alice.shares(newer(object, 5, { revoked: true }));
    expect(await post(newer(object, 6))).toMatchObject({
      status: 422,
      body: { code: 'invalid_object', reason: 'revoked_is_final' },
    });
  });

  it('refuses other objects', async () => {
    const response = await alice.sends('post', '/indicators').send(malware());
    expect(response).toMatchObject({
      status: 422,
      body: { code: 'invalid_object', path: '$.type' },
    });
  });
});

it('keeps what it writes for a share in one transaction, with its audit entry', async () => {
  const object = indicator({
    pattern: "[ipv4-addr:value = '198.51.100.99' OR domain-name:value = 'Bad.Example.org']",
  });
  const response = await alice.posts(object);
  const rows = await tocsin.sql(
    `select a.action, a.actor, a.request_id, count(o.*)::int as observables
       from version v join audit a on a.id = v.audit_id left join observable o on o.version_id = v.id
      where v.stix_id = $1 group by 1, 2, 3`,
    [object.id],
  );
  expect(response.status).toBe(200);
  expect(rows).toEqual([
    {
      action: 'objects.share',
      actor: `key ${alice.key.split('_')[1]}`,
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      observables: 2,
    },
  ]);
});
