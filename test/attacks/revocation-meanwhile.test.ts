/**
 * A request whose caller is revoked while its body is still coming: what comes afterwards is not
 * stored, and the request is rejected as a new one would be.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, anActor } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { createGroup } from '../support/groups.ts';
import { aPerson } from '../support/people.ts';
import { slowRequest, type SlowRequest } from '../support/slow-request.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

/** So many of these lines fill a part of an upload, which is one transaction. */
const PART_LINES = 9;
const FILLER = 'x'.repeat(950_000);

function part(tlp: 'amber' | 'red' = 'amber'): string {
  const lines = Array.from({ length: PART_LINES }, () =>
    JSON.stringify(marked(tlp, indicator({ description: FILLER }))),
  );
  return `${lines.join('\n')}\n`;
}

async function storedBy({ slug: organisation }: Actor): Promise<number> {
  const [row] = await tocsin.sql<{ count: number }>(
    `select count(*)::integer from version v join organisation o on o.id = v.organisation_id
     where o.slug = $1`,
    [organisation],
  );
  return row?.count ?? 0;
}

/** An upload of which one part is stored, and the server waits for more of the next. */
async function anUpload(who: Actor, audience = who.slug): Promise<SlowRequest> {
  const upload = slowRequest(tocsin.url, {
    method: 'post',
    path: `/bundles?audience=${audience}`,
    key: who.key,
    type: 'application/x-ndjson',
  });
  // A part is stored once it is known whether another follows.
  const line = JSON.stringify(marked('amber', indicator()));
  await upload.send(`${part()}${line}\n`);
  await expect.poll(() => storedBy(who), { timeout: 60_000 }).toBe(PART_LINES);
  return upload;
}

function idOf({ key }: { key: string }): string {
  return key.split('_')[1] ?? '';
}

/** What ends an upload: who uploads, and the act that comes in its midst. */
interface Ending {
  readonly code: string;
  readonly status: number;
  arrange(): Promise<{ who: Actor; audience?: string; act: () => Promise<unknown> }>;
}

const deleted: Ending = {
  code: 'key_revoked',
  status: 401,
  arrange: async () => {
    const who = await anActor(tocsin);
    return { who, act: () => admin.sends('delete', `/keys/${idOf(who)}`).expect(204) };
  },
};

const ENDINGS: Readonly<Record<string, Ending>> = {
  'its key is deleted': deleted,
  'its key expires': {
    code: 'key_expired',
    status: 401,
    arrange: async () => {
      const expiresAt = new Date(tocsin.clock.now().getTime() + 600_000);
      const who = await anActor(tocsin, { expiresAt });
      return { who, act: async () => tocsin.clock.advance(600_001) };
    },
  },
  'the key that made its key is deleted': {
    code: 'key_revoked',
    status: 401,
    arrange: async () => {
      const chief = await anActor(tocsin);
      const { body } = await chief.sends('post', '/keys').send({ role: 'publisher' }).expect(201);
      const { key } = body as { key: string };
      const who = new Actor(tocsin, { slug: chief.slug, identity: chief.identity, key });
      return { who, act: () => admin.sends('delete', `/keys/${idOf(chief)}`).expect(204) };
    },
  },
  'its key is bound to another network': {
    code: 'network_not_allowed',
    status: 403,
    arrange: async () => {
      const who = await anActor(tocsin);
      const bind = `update api_key set networks = '{192.0.2.0/24}' where id = $1`;
      return { who, act: () => tocsin.sql(bind, [idOf(who)]) };
    },
  },
  'its session is ended': {
    code: 'session_ended',
    status: 401,
    arrange: async () => {
      const person = await aPerson(tocsin, await anActor(tocsin), { role: 'publisher' });
      const { session, access_token } = await person.tokens();
      const who = person.with(access_token);
      return { who, act: () => who.sends('delete', `/sessions/${session}`).expect(204) };
    },
  },
  'its user is disabled': {
    code: 'session_ended',
    status: 401,
    arrange: async () => {
      const person = await aPerson(tocsin, await anActor(tocsin), { role: 'publisher' });
      const who = await person.signsIn();
      const disable = { status: 'disabled' };
      return {
        who,
        act: () => admin.sends('patch', `/users/${person.id}`).send(disable).expect(200),
      };
    },
  },
  'its user may only read': {
    code: 'role_not_allowed',
    status: 403,
    arrange: async () => {
      const person = await aPerson(tocsin, await anActor(tocsin), { role: 'publisher' });
      const who = await person.signsIn();
      const demote = { role: 'analyst' };
      return {
        who,
        act: () => admin.sends('patch', `/users/${person.id}`).send(demote).expect(200),
      };
    },
  },
  'its organisation is suspended': {
    code: 'organisation_not_active',
    status: 403,
    arrange: async () => {
      const who = await anActor(tocsin);
      const suspend = { status: 'suspended' };
      const path = `/organisations/${who.slug}`;
      return { who, act: () => admin.sends('patch', path).send(suspend).expect(200) };
    },
  },
  'its agreement is ended': {
    code: 'organisation_not_active',
    status: 403,
    arrange: async () => {
      const who = await anActor(tocsin);
      const { body } = await admin.sends('get', `/agreements?organisation=${who.slug}`).expect(200);
      const [agreement] = (body as { agreements: { id: number }[] }).agreements;
      return {
        who,
        act: () => admin.sends('post', `/agreements/${agreement?.id}/end`).expect(200),
      };
    },
  },
  'it leaves the group that it shares with': {
    code: 'audience_unknown',
    status: 400,
    arrange: async () => {
      const who = await anActor(tocsin);
      const audience = await createGroup(who);
      const leave = `delete from audience_member m using audience a
        where a.id = m.audience_id and a.slug = $1`;
      return { who, audience, act: () => tocsin.sql(leave, [audience]) };
    },
  },
  'its exercise is archived': {
    code: 'realm_closed',
    status: 409,
    arrange: async () => {
      const member = await anActor(tocsin);
      const exercise = await anExercise(tocsin, [member]);
      const who = await playing(tocsin, member, exercise, 'publisher');
      const path = `/realms/${exercise.slug}/archive`;
      return { who, act: () => admin.sends('post', path).send({ reason: 'over' }).expect(200) };
    },
  },
};

describe('an upload ends, with a summary of what was stored, when', () => {
  it.each(Object.entries(ENDINGS))('%s', async (_, { arrange, code, status }) => {
    const { who, audience, act } = await arrange();
    const upload = await anUpload(who, audience);
    await act();
    const answer = await upload.finish(part());
    expect(answer).toMatchObject({
      status,
      body: { code, summary: { created: PART_LINES, rejected: 0 } },
    });
    expect(answer.body['detail']).toMatch(/[^.]\. Of \d+ objects before that, /);
    expect(await storedBy(who)).toBe(PART_LINES);
    const next = await who.posts([indicator()], { audience: audience ?? who.slug });
    expect({ status: next.status, code: (next.body as { code: string }).code }).toEqual({
      status,
      code,
    });
  });

  it('and continues with less where only the ceiling is lowered', async () => {
    const who = await anActor(tocsin, { ceiling: 'red' });
    const upload = await anUpload(who);
    await tocsin.sql(
      `update agreement set tlp_ceiling = 2
       where organisation_id = (select id from organisation where slug = $1)`,
      [who.slug],
    );
    const { status, body } = await upload.finish(part('red'));
    expect(status).toBe(200);
    expect(body['summary']).toMatchObject({ created: PART_LINES + 1, rejected: PART_LINES });
    expect((body['results'] as unknown[]).at(-1)).toMatchObject({ code: 'tlp_above_ceiling' });
  });

  it('negative control: without the check in the transaction, everything is stored', async () => {
    const [definition] = await tocsin.sql<{ text: string }>(
      `select pg_get_functiondef('standing_of'::regproc) as text`,
    );
    const check = 'k.id is not null and k.revoked_at is null';
    const text = definition?.text ?? '';
    expect(text).toContain(check);
    await tocsin.sql(text.replace(check, 'true'));
    try {
      const { who, act } = await deleted.arrange();
      const upload = await anUpload(who);
      await act();
      expect((await upload.finish(part())).status).toBe(200);
      expect(await storedBy(who)).toBe(2 * PART_LINES + 1);
    } finally {
      await tocsin.sql(text);
    }
  });
});
