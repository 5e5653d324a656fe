import type { Browser } from 'playwright-core';
import request from 'supertest';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { browserPath, startBrowser } from '../support/browser.ts';
import { clipboardOf, LEAST_CONTRAST, openPage, UNNAMED_INPUTS } from '../support/pages.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

describe.skipIf(browserPath === undefined)('the page to sign in', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  const open = (link: string) => openPage(browser, tocsin.url, link);

  const codeOf = (secret: string, steps = 0) =>
    new TOTP({ secret }).generate({
      timestamp: tocsin.clock.now().getTime() + steps * 30_000,
    });

  /** Adds a second factor, and returns its secret. */
  async function addsSecondFactor(person: Awaited<ReturnType<typeof aPerson>>): Promise<string> {
    const actor = await person.signsIn();
    const begun = await actor
      .sends('post', '/me/second-factor')
      .send({ password: person.password })
      .expect(201);
    const { secret } = begun.body as { secret: string };
    const code = codeOf(secret);
    await actor.sends('post', '/me/second-factor/confirm').send({ code }).expect(200);
    return secret;
  }

  it('signs in with a password and a code, says who is signed in, survives a reload, and signs out', async () => {
    const person = await aPerson(tocsin, chief, { role: 'publisher' });
    const secret = await addsSecondFactor(person);
    const { page, complaints } = await open(`${tocsin.url}/#/sign-in`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const user = page.getByRole('textbox', { name: 'E-mail address' });
    await user.waitFor();
    expect(await page.locator(':focus').getAttribute('id')).toBe('sign-in-user');
    await user.fill(person.email);
    await page.locator('#sign-in').getByLabel('Password').fill('something else');
    await page.locator('#sign-in').getByLabel('Password').press('Enter');
    await page.getByRole('alert').getByText(/\w/).waitFor();
    await page.locator('#sign-in').getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).press('Enter');
    const code = page.getByLabel('Code from your authenticator');
    await code.waitFor();
    await code.fill(codeOf(secret, 1));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    expect(await page.locator('#signed-in').innerText()).toContain('with the role publisher');
    expect(page.url()).toBe(`${tocsin.url}/`);
    await page.reload();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.getByRole('button', { name: 'Copy an access token' }).click();
    await page.getByRole('status').getByText('Access token copied.').waitFor();
    const token = await clipboardOf(page);
    const asks = () =>
      request(tocsin.url).get('/api/v1/me').set('authorization', `Bearer ${token}`);
    await asks().expect(200);
    expect(await page.getByRole('link', { name: '/docs' }).getAttribute('href')).toBe('/docs');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await asks().expect(401);
    await page.reload();
    await page.getByRole('link', { name: 'what this server offers', exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('asks for the organisation where one address and password open several accounts', async () => {
    const person = await aPerson(tocsin, chief);
    const other = await anActor(tocsin);
    const second = await aPerson(tocsin, other, { email: person.email });
    await tocsin.sql(
      `update user_account set password_hash =
         (select password_hash from user_account where id = $1) where id = $2`,
      [person.id, second.id],
    );
    const { page } = await open(`${tocsin.url}/#/sign-in`);
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(person.email);
    await page.locator('#sign-in').getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('textbox', { name: 'Organisation' }).fill(other.slug);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    expect(await page.locator('#whose').innerText()).toBe(other.slug);
    await page.close();
  });

  it('signs out where the browser stored no cookie', async () => {
    const person = await aPerson(tocsin, chief);
    const { page } = await open(`${tocsin.url}/#/sign-in`);
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(person.email);
    await page.locator('#sign-in').getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const [row] = await tocsin.sql(
      `select count(*)::int as open from user_session where user_id = $1 and ended_at is null`,
      [person.id],
    );
    expect(row).toEqual({ open: 0 });
    await page.close();
  });

  it('can be used by keyboard and screen reader: names, one heading a part, contrast', async () => {
    const { page } = await open(`${tocsin.url}/#/sign-in`);
    await page.getByRole('textbox', { name: 'E-mail address' }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(LEAST_CONTRAST)).toBeGreaterThanOrEqual(4.5);
    }
    const unnamed = await page.evaluate(UNNAMED_INPUTS);
    expect(unnamed).toEqual([]);
    expect(await page.title()).toBe('Sign in – Tocsin');
    expect(await page.locator('main > :is(section, form):visible h2').count()).toBe(1);
    await page.close();
  });
});
