import { TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { browserPath, startBrowser } from '../support/browser.ts';
import { aPerson, anEmail } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let chief: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  chief = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Invited {
  readonly id: string;
  readonly invitation: { readonly link: string; readonly token: string };
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
    for (const [, path = ''] of page.text.matchAll(/(?:src|href)="(\/welcome[^"]+)"/g)) {
      await request(tocsin.url).get(path).expect(200);
    }
  });

  it('is where a link leads that was made where the server was reached', async () => {
    const { invitation } = await invited();
    expect(invitation.link).toBe(`${tocsin.url}/#/invitation/${invitation.token}`);
  });
});

describe.skipIf(browserPath === undefined)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** A page that fails the test for whatever it complains of, and for each request that leaves the server. */
  async function open(link: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('the server responded with')) {
        complaints.push(message.text());
      }
    });
    page.on('request', (sent) => {
      if (!sent.url().startsWith(tocsin.url)) complaints.push(sent.url());
      if (sent.url().includes('invitation/')) complaints.push(`told: ${sent.url()}`);
    });
    await page.goto(link);
    return { page, complaints };
  }

  async function setsPassword(page: Page, again = PASSWORD): Promise<void> {
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The same again').fill(again);
    await page.getByRole('button', { name: 'Set the password' }).click();
  }

  it('the invited sets a password, adds a second factor and can sign in', async () => {
    const email = anEmail();
    const { invitation, id } = await invited(email);
    const { page, complaints } = await open(invitation.link);
    await setsPassword(page, 'something else entirely');
    await page.getByText('The two are not the same.').waitFor();
    await setsPassword(page);
    await page.getByText('Add a second factor').waitFor();
    expect(page.url()).toBe(`${tocsin.url}/`);
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '');
    expect(await page.locator('#uri').getAttribute('href')).toContain(secret);
    const totp = new TOTP({ secret });
    const shown = (steps: number) =>
      totp.generate({ timestamp: tocsin.clock.now().getTime() + steps * 30_000 });
    const digits = page.getByLabel('The six digits that it shows');
    await digits.fill(shown(20));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Wait for the next code').waitFor();
    await digits.fill(shown(0));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('You are ready').waitFor();
    expect(await page.locator('#email').innerText()).toBe(email);
    const codes = await page.locator('#codes li').allInnerTexts();
    expect(codes).toHaveLength(10);
    expect(complaints).toEqual([]);
    await signsIn(email).expect(401);
    await signsIn(email, { code: codes[0] }).expect(201);
    // The session of the page is over.
    const [row] = await tocsin.sql(
      `select count(*)::int as open from user_session where user_id = $1 and ended_at is null`,
      [id],
    );
    expect(row).toEqual({ open: 1 });
    await page.close();
  });

  it('who has lost the password keeps the second factor, and is not shown another', async () => {
    const person = await aPerson(tocsin, chief);
    const actor = await person.signsIn();
    const { body } = await actor
      .sends('post', '/me/second-factor')
      .send({ password: person.password })
      .expect(201);
    const code = new TOTP({ secret: (body as { secret: string }).secret }).generate({
      timestamp: tocsin.clock.now().getTime(),
    });
    await actor.sends('post', '/me/second-factor/confirm').send({ code }).expect(200);
    const again = await chief.sends('post', `/users/${person.id}/invitation`).expect(201);
    const { page, complaints } = await open((again.body as Invited).invitation.link);
    await setsPassword(page);
    await page.getByText('You are ready').waitFor();
    expect(await page.locator('#recovery').isHidden()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('a link that is good no more is told so, whatever it holds', async () => {
    const { page, complaints } = await open(`${tocsin.url}/#/invitation/${'x'.repeat(43)}`);
    await setsPassword(page);
    await page.getByText('Ask your administrator for another link').waitFor();
    await page.goto(`${tocsin.url}/#/invitation/<img src=x onerror=alert(1)>`);
    await page.getByText('What it offers is').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});
