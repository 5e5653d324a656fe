import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** The least that tells it is a PNG: signature and first chunk. */
const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.from('000000010000000108060000001f15c489', 'hex'),
]);
const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex');
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
const MAX = 65_536;

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

async function put(
  who: Actor,
  about: string,
  body: Buffer<ArrayBuffer> | string,
  type = 'image/png',
): Promise<unknown> {
  const answer = await fetch(`${tocsin.url}/api/v1/organisations/${about}/logo`, {
    method: 'PUT',
    headers: { 'x-api-key': who.key, 'content-type': type },
    body,
  });
  if (answer.status === 204) return 204;
  return ((await answer.json()) as { code: string }).code;
}

function get(who: Actor, about: string): ReturnType<Actor['sends']> {
  return who.sends('get', `/organisations/${about}/logo`);
}

describe('a logo', () => {
  it.each([
    ['image/png', PNG],
    ['image/jpeg', JPEG],
  ])('is given to members as %s, by its bytes, so that nothing in it runs', async (type, bytes) => {
    // What it is said to be does not matter.
    expect(await put(alice, alice.slug, bytes, 'application/octet-stream')).toBe(204);
    const { headers, body } = await get(bob, alice.slug).expect(200);
    expect(Buffer.from(body as Buffer).equals(bytes)).toBe(true);
    expect(headers).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    });
  });

  it('is gone when it is removed, and the audit records it', async () => {
    await put(alice, alice.slug, PNG);
    await alice.sends('delete', `/organisations/${alice.slug}/logo`).expect(204);
    await get(alice, alice.slug).expect(404);
    await alice.sends('delete', `/organisations/${alice.slug}/logo`).expect(404);
    const rows = await tocsin.sql(
      `select from audit a join organisation o on o.id = a.organisation_id
       where a.action = 'organisation.logo' and o.slug = $1`,
      [alice.slug],
    );
    expect(rows.length).toBeGreaterThanOrEqual(2);
  });

  it('is changed by admins and its own org_admin', async () => {
    expect(await put(bob, alice.slug, PNG)).toBe('role_not_allowed');
    expect(await put(await alice.as('publisher'), alice.slug, PNG)).toBe('role_not_allowed');
    expect(await put(admin, alice.slug, PNG)).toBe(204);
    expect(await put(admin, slug('org'), PNG)).toBe('not_found');
  });

  it.each([
    ['SVG', SVG, 'image/svg+xml'],
    ['SVG that says it is PNG', SVG, 'image/png'],
    ['SVG as XML', `<?xml version="1.0"?>${SVG}`, 'application/xml'],
    ['GIF', Buffer.from('GIF89a'), 'image/gif'],
    ['a page', '<!doctype html><script>alert(1)</script>', 'image/jpeg'],
    ['PNG after something else', Buffer.concat([Buffer.from(SVG), PNG]), 'image/png'],
    ['half a signature', PNG.subarray(0, 8), 'image/png'],
  ])('is not %s', async (_, body, type) => {
    const carol = await anActor(tocsin);
    const bytes = Buffer.from(body);
    expect(await put(carol, carol.slug, bytes, type)).toBe('logo_unsupported');
    await get(carol, carol.slug).expect(404);
  });

  it('has at most 64 KiB', async () => {
    const fill = (length: number) => Buffer.concat([PNG, Buffer.alloc(length - PNG.length)]);
    expect(await put(alice, alice.slug, fill(MAX))).toBe(204);
    expect(await put(alice, alice.slug, fill(MAX + 1))).toBe('body_too_large');
    expect(await put(alice, alice.slug, Buffer.alloc(0))).toMatch(/body_missing|logo_unsupported/);
    expect(await put(alice, alice.slug, '{}', 'application/json')).toBe('body_missing');
  });

  it('of an organisation that is hidden is none', async () => {
    const carol = await anActor(tocsin);
    await put(carol, carol.slug, PNG);
    await tocsin.sql(`update organisation set status = 'suspended' where slug = $1`, [carol.slug]);
    await get(bob, carol.slug).expect(404);
    await get(admin, carol.slug).expect(200);
  });
});
