/** Sessions that administrators list and end for others; the class stands in the name. */
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
/** An org_admin's key of an organisation, and an admin's of another. */
let chief: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

describe('administrators see and end the sessions of their users', () => {
  it('all of them, or one', async () => {
    const person = await aPerson(tocsin, chief);
    const [one, two, three] = [await person.tokens(), await person.tokens(), await person.tokens()];
    const path = `/users/${person.id}/sessions`;
    const { body } = await chief.sends('get', path).expect(200);
    const { sessions } = body as { sessions: { id: string; current: boolean }[] };
    expect(sessions.map(({ id }) => id).toSorted()).toEqual(
      [one, two, three].map(({ session }) => session).toSorted(),
    );
    expect(JSON.stringify(body)).not.toContain(one.refresh_token);
    await chief.sends('delete', `${path}/${one.session}`).expect(204);
    await chief.sends('delete', `${path}/${one.session}`).expect(404);
    const statuses = async () =>
      Promise.all(
        [one, two, three].map(
          async ({ access_token: token }) => (await person.with(token).sends('get', '/me')).status,
        ),
      );
    expect(await statuses()).toEqual([401, 200, 200]);
    await chief.sends('delete', path).expect(204);
    expect(await statuses()).toEqual([401, 401, 401]);
    const refresh = request(tocsin.url).post('/api/v1/sessions/refresh');
    await refresh.send({ refresh_token: two.refresh_token }).expect(401);
    const told = await tocsin.sql(
      `select 1 from audit where action = 'user.end_sessions' and detail->>'user' = $1`,
      [person.id],
    );
    expect(told).toHaveLength(2);
  });

  it("not those of another organisation's users, nor of stronger ones: as if there were none", async () => {
    const [person, strong] = [
      await aPerson(tocsin, admin),
      await aPerson(tocsin, chief, { role: 'admin' }),
    ];
    const { session } = await person.tokens();
    for (const method of ['get', 'delete'] as const) {
      const answers = await Promise.all(
        [person.id, strong.id, randomUUID()].map((id) =>
          chief.sends(method, `/users/${id}/sessions`),
        ),
      );
      const bodies = answers.map(({ status, body }) => ({ status, ...body, instance: '' }));
      expect(bodies[0]).toMatchObject({ status: 404, code: 'not_found' });
      expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
    }
    await chief.sends('delete', `/users/${person.id}/sessions/${session}`).expect(404);
    const analyst = await (await aPerson(tocsin, chief)).signsIn();
    await analyst.sends('get', `/users/${person.id}/sessions`).expect(403);
  });
});
