/** `GET /changes?wait=`: a request that waits for something to read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Response } from 'supertest';
import { anActor, slug, type Actor, type Changes } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let sharer: Actor;
let reader: Actor;
let stranger: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  const communities = [slug()];
  [sharer, reader] = [
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities }),
  ];
  stranger = await anActor(tocsin, { communities: [slug()] });
});
afterAll(() => tocsin.close());

/** A request that is under way: it was sent before another of the member was answered. */
async function waiting(actor: Actor, query: object): Promise<{ answered: Promise<Response> }> {
  const answered = actor
    .sends('get', '/changes')
    .query(query)
    .then((response) => response);
  await actor.sends('get', '/me').expect(200);
  return { answered };
}

async function end(actor: Actor): Promise<string> {
  return (await actor.reads({ limit: 10_000 })).next;
}

function idsIn({ body }: Response): string[] {
  return (body as Changes).objects.map(({ id }) => id);
}

describe('a request that waits', () => {
  it('is answered as soon as there is something, and not for what others receive', async () => {
    const after = await end(reader);
    const { answered } = await waiting(reader, { after, wait: 60 });
    await stranger.shares(indicator());
    const object = indicator();
    await sharer.shares(object);
    const response = await answered;
    expect(idsIn(response)).toEqual([object.id]);
  });

  it('is answered at once where there is something already', async () => {
    const after = await end(reader);
    const object = indicator();
    await sharer.shares(object);
    const response = await reader.sends('get', '/changes').query({ after, wait: 60 }).expect(200);
    expect(idsIn(response)).toEqual([object.id]);
  });

  it('is answered with an empty page when the time has passed, from which one can continue', async () => {
    const after = await end(reader);
    const { body } = await reader.sends('get', '/changes').query({ after, wait: 1 }).expect(200);
    expect(body).toMatchObject({ objects: [], withdrawn: [], more: false });
    const object = indicator();
    await sharer.shares(object);
    const next = await reader.sends('get', '/changes').query({ after: body.next }).expect(200);
    expect(idsIn(next)).toEqual([object.id]);
  });

  it('receives nothing once its key is revoked', async () => {
    const leaving = await reader.as('analyst');
    const after = await end(leaving);
    const { answered } = await waiting(leaving, { after, wait: 60 });
    const { body } = await leaving.sends('get', '/me').expect(200);
    await reader.sends('delete', `/keys/${body.key.id}`).expect(204);
    await sharer.shares(indicator());
    const response = await answered;
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ code: 'key_revoked' });
  });

  it('is answered when the server stops', async () => {
    const other = await tocsin.another(['http']);
    const after = await end(reader);
    const answered = fetch(`${other.url}/api/v1/changes?wait=60&after=${after}`, {
      headers: { 'x-api-key': reader.key },
    });
    await fetch(`${other.url}/api/v1/me`, { headers: { 'x-api-key': reader.key } });
    await other.close();
    expect((await answered).status).toBe(200);
  });

  it.each(['-1', '61', '1.5', 'long'])('takes no wait=%s', async (wait) => {
    const { body } = await reader.sends('get', `/changes?wait=${wait}`).expect(400);
    expect(body).toMatchObject({ path: 'querystring.wait' });
  });
});
