import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Organisation {
  slug: string;
  status?: string;
  identities: string[];
  contacts: { name: string }[];
}

let tocsin: Tocsin;
let admin: Actor;
let chief: Actor;
let reader: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
  chief = await anActor(tocsin, { role: 'org_admin' });
  reader = await anActor(tocsin, { role: 'analyst' });
});
afterAll(() => tocsin.close());

async function directory(who: Actor): Promise<Organisation[]> {
  const { body } = await who.sends('get', '/organisations').expect(200);
  return (body as { organisations: Organisation[] }).organisations;
}

const duty = { role: 'duty_24_7', name: 'Duty officer', email: 'duty@example.org', shown: true };
const boss = { role: 'management', name: 'The head', phone: '+47 22 00 00 00' };

describe('POST /organisations', () => {
  it('makes a member with an agreement for each community', async () => {
    const wish = { slug: slug('org'), name: slug('Cert'), kind: 'allied_nation', country: 'NO' };
    const { body } = await admin
      .sends('post', '/organisations')
      .send({ ...wish, communities: ['alliance'] })
      .expect(201);
    expect(body).toMatchObject({ ...wish, status: 'active', default_community: 'alliance' });
    const key = await admin
      .sends('post', '/keys')
      .send({ organisation: wish.slug, role: 'analyst' })
      .expect(201);
    expect(key.body).toMatchObject({ organisation: wish.slug });
    expect((await directory(reader)).map((one) => one.slug)).toContain(wish.slug);
  });

  it('is for admins, who may not invent communities', async () => {
    const wish = { slug: slug('org'), name: slug('Cert'), kind: 'industry' };
    await chief.sends('post', '/organisations').send(wish).expect(403);
    const lost = { ...wish, communities: [slug()] };
    const { body } = await admin.sends('post', '/organisations').send(lost).expect(400);
    expect(body).toMatchObject({ code: 'community_unknown' });
  });

  it.each([
    { slug: 'UPPER' },
    { slug: 'directory' },
    { name: ' x' },
    { name: 'a\u202eb' },
    { kind: 'enemy' },
    { country: 'Norway' },
    { identity: 'identity--1' },
    { status: 'left' },
  ])('refuses %j', async (wrong) => {
    const wish = { slug: slug('org'), name: slug('Cert'), kind: 'industry', ...wrong };
    const { body } = await admin.sends('post', '/organisations').send(wish).expect(400);
    expect(body).toMatchObject({ code: 'invalid_request' });
  });

  it('refuses what looks like somebody, and identities of others', async () => {
    const stem = slug('moon');
    const kind = 'allied_nation';
    const post = (wish: object) => admin.sends('post', '/organisations').send({ kind, ...wish });
    await post({ slug: stem, name: `Cert ${stem}` }).expect(201);
    const alike = stem.replace('oo', '00');
    const fake = `Сert ${stem}`;
    for (const wish of [
      { slug: stem, name: slug() },
      { slug: alike, name: slug() },
      { slug: slug(), name: stem.toUpperCase() },
      { slug: slug(), name: fake },
      { slug: 'alliance', name: slug() },
    ]) {
      const { body } = await post(wish).expect(409);
      expect(body).toMatchObject({ code: 'name_taken' });
    }
    const { body } = await post({ slug: slug(), name: slug(), identity: chief.identity }).expect(
      409,
    );
    expect(body).toMatchObject({ code: 'identity_taken' });
  });
});

describe('the directory', () => {
  it('shows to members what each chose to show, and all to admins and its own', async () => {
    const path = `/organisations/${chief.slug}`;
    await chief
      .sends('patch', path)
      .send({ contacts: [duty, boss] })
      .expect(200);
    const of = async (who: Actor) => {
      const { body } = await who.sends('get', path).expect(200);
      return body as Organisation;
    };
    const forOthers = await of(reader);
    expect(forOthers.contacts.map(({ name }) => name)).toEqual(['Duty officer']);
    expect(forOthers).not.toHaveProperty('status');
    for (const who of [admin, chief]) {
      const all = await of(who);
      expect(all.contacts.map(({ name }) => name)).toEqual(['Duty officer', 'The head']);
      expect(all.status).toBe('active');
    }
    expect((await of(await chief.as('analyst'))).contacts).toHaveLength(1);
  });

  it('is exported without formulas, as CSV and vCard', async () => {
    const name = '=HYPERLINK("x"),\t@1';
    const shown = { ...duty, name: name.replace('\t', ''), phone: '+47 1', hours: '-1;x' };
    const long = { ...duty, role: 'technical', name: `Ærlig ${'ø'.repeat(90)}` };
    await chief
      .sends('patch', `/organisations/${chief.slug}`)
      .send({ contacts: [shown, long, boss] })
      .expect(200);
    const csv = await reader.sends('get', '/organisations/directory').set('accept', 'text/csv');
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    const row = csv.text.split('\r\n').find((line) => line.includes('HYPERLINK')) ?? '';
    expect(row).toMatch(/,"'=HYPERLINK\(""x""\),'@1",duty@example\.org,"'\+47 1","'-1;x"$/);
    expect(csv.text).not.toContain('The head');
    const cards = await reader
      .sends('get', '/organisations/directory')
      .set('accept', 'text/vcard')
      .buffer(true)
      .parse((response, done) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => done(null, Buffer.concat(parts).toString()));
      });
    const text = cards.body as string;
    expect(text).toContain('FN:=HYPERLINK("x")\\,@1\r\n');
    expect(text).toContain('NOTE:-1\\;x\r\n');
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThan(76);
    expect(text.replaceAll('\r\n ', '')).toContain(`FN:${long.name}\r\n`);
    await reader.sends('get', '/organisations/directory').set('accept', 'image/png').expect(406);
    await (await chief.as('feed')).sends('get', '/organisations/directory').expect(403);
  });

  it('knows no others', async () => {
    const path = `/organisations/${slug()}`;
    await reader.sends('get', path).expect(404);
    await admin.sends('patch', path).send({ country: 'NO' }).expect(404);
    await reader.sends('get', '/organisations/NO').expect(400);
  });

  it('hides who does not take part from all but admins', async () => {
    const other = await anActor(tocsin);
    const path = `/organisations/${other.slug}`;
    await admin.sends('patch', path).send({ status: 'suspended' }).expect(200);
    await reader.sends('get', path).expect(404);
    expect((await directory(reader)).map((one) => one.slug)).not.toContain(other.slug);
    expect((await directory(admin)).map((one) => one.slug)).toContain(other.slug);
    const { body } = await other.sends('get', path).expect(403);
    expect(body).toMatchObject({ code: 'organisation_not_active' });
    await admin.sends('patch', path).send({ status: 'active' }).expect(200);
    await other.sends('get', path).expect(200);
  });
});

describe('PATCH /organisations/{slug}', () => {
  it('lets an org_admin change what is its own, and nothing else', async () => {
    const path = `/organisations/${chief.slug}`;
    const change = { name: slug('Cert'), default_tlp: 'green', default_community: 'alliance' };
    const { body } = await chief.sends('patch', path).send(change).expect(200);
    expect(body).toMatchObject(change);
    for (const more of [{ status: 'active' }, { country: 'NO' }, { identities: [] }]) {
      const refused = await chief.sends('patch', path).send(more).expect(403);
      expect(refused.body).toMatchObject({ code: 'role_not_allowed' });
    }
    await chief.sends('patch', `/organisations/${admin.slug}`).send(change).expect(403);
    await (await chief.as('publisher')).sends('patch', path).send(change).expect(403);
    await chief.sends('patch', path).send({}).expect(400);
    await chief.sends('patch', path).send({ slug: 'other' }).expect(400);
    await chief.sends('patch', path).send({ default_community: slug() }).expect(400);
  });

  it('refuses a name that looks like another one, but not its own', async () => {
    const path = `/organisations/${chief.slug}`;
    await chief.sends('patch', path).send({ name: chief.slug.toUpperCase() }).expect(200);
    const alike = `  ${reader.slug.toUpperCase()}`.trim();
    const { body } = await chief.sends('patch', path).send({ name: alike }).expect(409);
    expect(body).toMatchObject({ code: 'name_taken' });
  });

  it('moves identities, of which each has one owner', async () => {
    const path = `/organisations/${chief.slug}`;
    const more = `identity--${randomUUID()}`;
    const identities = [chief.identity, more].toSorted();
    const { body } = await admin.sends('patch', path).send({ identities }).expect(200);
    expect(body).toMatchObject({ identities });
    const other = `/organisations/${reader.slug}`;
    await admin
      .sends('patch', other)
      .send({ identities: [more] })
      .expect(409);
    await admin
      .sends('patch', path)
      .send({ identities: [chief.identity] })
      .expect(200);
    await admin
      .sends('patch', other)
      .send({ identities: [reader.identity, more] })
      .expect(200);
  });

  it('does not silence the last admin', async () => {
    const rows = await tocsin.sql<{ slug: string }>(
      `select distinct o.slug from api_key k join organisation o on o.id = k.organisation_id
       where k.role = 'admin' and o.slug <> $1`,
      [admin.slug],
    );
    for (const { slug: one } of rows) {
      const change = { status: 'suspended' };
      await admin.sends('patch', `/organisations/${one}`).send(change).expect(200);
    }
    const own = `/organisations/${admin.slug}`;
    const { body } = await admin.sends('patch', own).send({ status: 'left' }).expect(409);
    expect(body).toMatchObject({ code: 'last_admin' });
    await admin.sends('get', own).expect(200);
  });
});
