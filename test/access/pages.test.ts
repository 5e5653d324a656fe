/** Lists of keys and of users come in pages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let chief: Actor;
let other: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
  other = await anActor(tocsin);
  for (let i = 0; i < 4; i++) await keyOf(tocsin, chief.slug, 'publisher');
  for (const name of ['b', 'd', 'a', 'c', 'e']) {
    const email = `${name}@${chief.slug}.example`;
    const made = await chief.sends('post', '/users').send({ email, name, role: 'analyst' });
    if (made.status !== 201) throw new Error(made.text);
  }
  const email = `z@${other.slug}.example`;
  await other.sends('post', '/users').send({ email, name: 'z', role: 'analyst' });
});
afterAll(() => tocsin.close());

interface Page {
  readonly keys?: readonly { readonly id: string }[];
  readonly users?: readonly { readonly id: string }[];
  readonly next: string | null;
}

async function page(who: Actor, path: string, query: object): Promise<Page> {
  const { status, body, text } = await who.sends('get', path).query(query);
  if (status !== 200) throw new Error(text);
  return body as Page;
}

const idsOf = ({ keys, users }: Page): string[] => (keys ?? users ?? []).map(({ id }) => id);

describe.each(['/keys', '/users'])('GET %s', (path) => {
  it('has all entries once, over pages of any size', async () => {
    const whole = await page(chief, path, {});
    expect(idsOf(whole)).toHaveLength(5);
    expect(whole.next).toBeNull();
    for (const limit of [1, 2, 5, 6]) {
      const found: string[] = [];
      let after: string | null | undefined;
      do {
        const one: Page = await page(chief, path, { limit, ...(after ? { after } : {}) });
        expect(idsOf(one).length).toBeLessThanOrEqual(limit);
        found.push(...idsOf(one));
        after = one.next;
      } while (after !== null);
      expect(found).toEqual(idsOf(whole));
    }
  });

  it('does not begin after an entry that its caller does not see', async () => {
    const [foreign = ''] = idsOf(await page(other, path, {}));
    const nobody = path === '/keys' ? '0123456789ab' : 'a5b0c2de-3f41-4d6e-8b7a-0c1d2e3f4a5b';
    const answers = await Promise.all(
      [foreign, nobody].map((after) => chief.sends('get', path).query({ after })),
    );
    for (const { status, body } of answers) {
      expect([status, body]).toMatchObject([
        400,
        { code: 'invalid_request', path: 'querystring.after' },
      ]);
    }
  });

  it.each([0, 1001, 'x'])('refuses a limit of %s', async (limit) => {
    const { body } = await chief.sends('get', path).query({ limit });
    expect(body).toMatchObject({ code: 'invalid_request', path: 'querystring.limit' });
  });
});
