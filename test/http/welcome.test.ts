import { readFile } from 'node:fs/promises';
import jsQR from 'jsqr';
import { TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { browserPath, startBrowser } from '../support/browser.ts';
import { clipboardOf, openPage } from '../support/pages.ts';
import { aPerson, anEmail } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** Pixels of a module of a QR code, for the one that reads it. */
const SCALE = 4;

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Invited {
  readonly id: string;
  readonly invitation: {
    readonly link: string;
    readonly token: string;
    readonly expires_at: string;
  };
}

async function invited(email = anEmail()): Promise<Invited> {
  const wish = { email, name: 'Ada', role: 'analyst' };
  const { body } = await chief.sends('post', '/users').send(wish).expect(201);
  return body as Invited;
}

const PASSWORD = 'correct horse battery';

const signsIn = (email: string, more: object = {}) =>
  request(tocsin.url)
    .post('/api/v1/sessions')
    .send({ email, password: PASSWORD, ...more });

describe('the page at /', () => {
  it('loads nothing but itself, and may not be framed', async () => {
    const page = await request(tocsin.url).get('/').expect(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const policy = page.headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.text).not.toMatch(/https?:|<style|<script>|\son\w+=/);
    const files = [...page.text.matchAll(/(?:src|href)="(\/welcome[^"]+)"/g)].map(
      ([, path]) => path,
    );
    expect(files).toEqual(['/welcome.css', '/welcome.js']);
    for (const path of files)
      await request(tocsin.url)
        .get(path ?? '')
        .expect(200);
  });

  it('is where a link leads that was made where the server was reached', async () => {
    const { invitation } = await invited();
    expect(invitation.link).toBe(`${tocsin.url}/#/invitation/${invitation.token}`);
  });
});

describe('POST /invitations/describe', () => {
  const describes = (token: string) =>
    request(tocsin.url).post('/api/v1/invitations/describe').send({ token });

  it('says whose invitation it is, who created it, and until when it can be used', async () => {
    const email = anEmail();
    const { invitation } = await invited(email);
    const { body } = await describes(invitation.token).expect(200);
    expect(body).toEqual({
      organisation: { slug: chief.slug, name: chief.slug },
      email,
      name: 'Ada',
      role: 'analyst',
      invited_by: `an API key of ${chief.slug}`,
      expires_at: invitation.expires_at,
      resets_password: false,
    });
    const person = await (await aPerson(tocsin, chief, { role: 'org_admin' })).signsIn();
    const wish = { email: anEmail(), name: 'Grace', role: 'analyst' };
    const second = await person.sends('post', '/users').send(wish).expect(201);
    const { invited_by: by } = (await describes(second.body.invitation.token).expect(200)).body;
    expect(by).toMatch(new RegExp(`^.+ \\(${chief.slug}\\)$`));
    // Nothing was used up.
    await describes(invitation.token).expect(200);
  });

  it('answers every token that cannot be used in the same bytes', async () => {
    const used = await invited();
    await request(tocsin.url)
      .post('/api/v1/invitations/accept')
      .send({ token: used.invitation.token, password: PASSWORD })
      .expect(200);
    const disabled = await invited();
    await tocsin.sql(`update user_account set status = 'disabled' where id = $1`, [disabled.id]);
    const expired = await invited();
    await tocsin.sql(`update invitation set expires_at = now() where user_id = $1`, [expired.id]);
    const tokens = [used, disabled, expired].map(({ invitation }) => invitation.token);
    const texts = await Promise.all(
      [...tokens, 'x'.repeat(43)].map(async (token) => {
        const { body, status } = await describes(token);
        return JSON.stringify([status, { ...(body as object), instance: '' }]);
      }),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('[400,');
    expect(texts[0]).toContain('"invitation_invalid"');
  });
});

describe.skipIf(browserPath === undefined)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  const open = (link: string) => openPage(browser, tocsin.url, link);

  async function setsPassword(page: Page, again = PASSWORD): Promise<void> {
    await page.locator('#password').getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Repeat the password').fill(again);
    await page.getByRole('button', { name: 'Set the password' }).click();
  }

  /** What the QR code on the page says, read from its picture. */
  async function scan(page: Page): Promise<string | undefined> {
    const svg = page.getByRole('img', { name: 'QR code' });
    const [, side = ''] = /^0 0 (\d+) \d+$/.exec((await svg.getAttribute('viewBox')) ?? '') ?? [];
    const size = Number(side) * SCALE;
    const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
    const path = (await svg.locator('path').getAttribute('d')) ?? '';
    for (const [, column, row] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
      for (let y = 0; y < SCALE; y += 1) {
        const from = ((Number(row) * SCALE + y) * size + Number(column) * SCALE) * 4;
        for (let at = from; at < from + SCALE * 4; at += 4) pixels.fill(0, at, at + 3);
      }
    }
    return jsQR.default(pixels, size, size)?.data;
  }

  const codeOf = (secret: string, steps = 0) =>
    new TOTP({ secret }).generate({
      timestamp: tocsin.clock.now().getTime() + steps * 30_000,
    });

  it('says whose invitation it is, and the invited sets a password and adds a second factor', async () => {
    const email = anEmail();
    const { invitation, id } = await invited(email);
    const { page, complaints } = await open(invitation.link);
    await page.getByText(`invites Ada to the organisation ${chief.slug}`).waitFor();
    expect(await page.locator('#invited').innerText()).toMatch(
      /with the role analyst\. It was created by an API key of .+\. It works once, until /,
    );
    const user = page.getByRole('textbox', { name: 'E-mail address' });
    expect(await user.inputValue()).toBe(email);
    expect(await user.getAttribute('autocomplete')).toBe('username');
    expect(await page.locator(':focus').getAttribute('id')).toBe('new');
    await setsPassword(page, 'something else entirely');
    await page.getByText('The two passwords are different.').waitFor();
    await setsPassword(page);
    await page.getByText('Add a second factor').waitFor();
    expect(page.url()).toBe(`${tocsin.url}/`);
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '');
    const uri = await page.locator('#uri').getAttribute('href');
    expect(uri).toContain(secret);
    expect(await scan(page)).toBe(uri);
    const digits = page.getByLabel('Code from the app');
    await digits.fill(codeOf(secret, 20));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Wait for the next code').waitFor();
    await digits.fill(codeOf(secret));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Your account is ready').waitFor();
    expect(await page.locator('#email').innerText()).toBe(email);
    expect(await page.locator('#qr svg').count()).toBe(0);
    const codes = await page.locator('#codes li').allInnerTexts();
    expect(codes).toHaveLength(10);
    await signsIn(email).expect(401);
    await signsIn(email, { code: codes[0] }).expect(201);
    // The session of the page has ended.
    const [row] = await tocsin.sql(
      `select count(*)::int as open from user_session where user_id = $1 and ended_at is null`,
      [id],
    );
    expect(row).toEqual({ open: 1 });
    // From there to the page to sign in, by keyboard.
    await page.getByRole('link', { name: 'Sign in' }).press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('copies and downloads the recovery codes', async () => {
    const { invitation } = await invited();
    const { page, complaints } = await open(invitation.link);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await setsPassword(page);
    await page.getByText('Add a second factor').waitFor();
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '');
    await page.getByLabel('Code from the app').fill(codeOf(secret));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Your account is ready').waitFor();
    const codes = await page.locator('#codes li').allInnerTexts();
    await page.getByRole('button', { name: 'Copy the codes' }).click();
    await page.getByRole('status').getByText('Codes copied.').waitFor();
    const copied = await clipboardOf(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the codes' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('tocsin-recovery-codes.txt');
    const saved = await readFile(await download.path(), 'utf8');
    for (const code of codes) {
      expect(copied).toContain(code);
      expect(saved).toContain(code);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('keeps the second factor of a user who sets a new password', async () => {
    const person = await (await aPerson(tocsin, chief)).withSecondFactor();
    const again = await chief.sends('post', `/users/${person.id}/invitation`).expect(201);
    const { page, complaints } = await open((again.body as Invited).invitation.link);
    await page.getByText('set a new password').waitFor();
    await setsPassword(page);
    await page.getByText('Your account is ready').waitFor();
    expect(await page.locator('#recovery').isHidden()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('refuses a link that cannot be used at once, whatever it holds', async () => {
    const { invitation } = await invited();
    await request(tocsin.url)
      .post('/api/v1/invitations/accept')
      .send({ token: invitation.token, password: PASSWORD })
      .expect(200);
    const { page, complaints } = await open(invitation.link);
    await page.getByRole('heading', { name: 'This link is no longer valid' }).waitFor();
    expect(await page.locator('input:visible').count()).toBe(0);
    await page.goto(`${tocsin.url}/#/invitation/<img src=x onerror=alert(1)>`);
    await page.getByRole('link', { name: 'what this server offers', exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});
