import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem, PROBLEMS, type ProblemCode } from '../../src/errors.ts';
import { problemBody } from '../../src/http/errors/problem-json.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { objectCodes } from './codes.ts';

const directory = join(import.meta.dirname, '../../docs/errors');
const pages = readdirSync(directory).map((file) => file.replace(/\.md$/, ''));
const text = (code: string): string => readFileSync(join(directory, `${code}.md`), 'utf8');

function example(code: string): Record<string, unknown> {
  const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(text(code)) ?? [];
  return JSON.parse(json) as Record<string, unknown>;
}

describe('the pages of codes', () => {
  it('are one for each code, and for nothing else', () => {
    const codes = new Set([...Object.keys(PROBLEMS), ...objectCodes()]);
    expect(codes.size).toBeGreaterThan(100);
    expect(pages.toSorted()).toEqual([...codes].toSorted());
  });

  it.each(pages)('%s says what it means and what to do, with an example', (code) => {
    expect(text(code)).toMatch(new RegExp(`^# ${code}\n`));
    for (const heading of ['What it means', 'What to do']) {
      expect(text(code)).toContain(`\n## ${heading}\n\n`);
    }
    expect(JSON.stringify(example(code))).toContain(`"code":"${code}"`);
  });

  it.each(Object.keys(PROBLEMS))('%s shows the answer that the server gives', (code) => {
    const made = problemBody(new Problem(code as ProblemCode, ''), '');
    const { type, title, status } = example(code);
    expect({ type, title, status }).toEqual({
      type: made['type'],
      title: made['title'],
      status: made['status'],
    });
  });
});

describe('GET /docs/errors', () => {
  let tocsin: Tocsin;
  beforeAll(async () => {
    tocsin = await startTocsin();
  });
  afterAll(() => tocsin.close());

  const get = (path: string, accept = '*/*'): Promise<Response> =>
    fetch(`${tocsin.url}${path}`, { headers: { accept } });

  it('is where the type of a problem leads, without a key', async () => {
    const refused = await get('/api/v1/me');
    const { type } = (await refused.json()) as { type: string };
    expect(type).toBe('/docs/errors/key_missing');
    const page = await get(type, 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain('<h1>key_missing</h1>');
    expect(html).toContain('<code>Authorization: Bearer &lt;key&gt;</code>');
  });

  it('is the Markdown page itself for clients that prefer Markdown', async () => {
    const page = await get('/docs/errors/key_missing', 'text/markdown');
    expect(page.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await page.text()).toBe(text('key_missing'));
  });

  it('lists all codes', async () => {
    const html = await (await get('/docs/errors/', 'text/html')).text();
    for (const code of pages) expect(html).toContain(`<a href="/docs/errors/${code}">`);
  });

  it('has links between pages that lead there', async () => {
    const html = await (await get('/docs/errors/withheld', 'text/html')).text();
    const [, link = ''] = /<a href="([^"]+)">/.exec(html) ?? [];
    expect(link).toBe('atomic_aborted.md');
    expect((await get(`/docs/errors/${link}`)).status).toBe(200);
  });

  it.each(['nothing', '..', '%2e%2e%2fARCHITECTURE', '..%2f..%2fpackage.json', '__proto__', '.md'])(
    'knows nothing but codes: %s',
    async (name) => {
      const answer = await get(`/docs/errors/${name}`);
      expect([404, 200]).toContain(answer.status);
      // The client resolves `..` and requests /docs/ itself.
      const body = await answer.text();
      if (name === '..') expect(body).toContain('swagger-ui');
      else expect(body).toContain('"code":"not_found"');
    },
  );
});

describe('GET /docs', () => {
  let tocsin: Tocsin;
  beforeAll(async () => {
    tocsin = await startTocsin();
  });
  afterAll(() => tocsin.close());

  it('asks nobody else for anything', async () => {
    const page = await fetch(`${tocsin.url}/docs`);
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) {
      expect(link).toMatch(/^\/docs\/static\//);
      expect((await fetch(`${tocsin.url}${link}`)).status).toBe(200);
    }
    const starter = await fetch(`${tocsin.url}/docs/static/swagger-initializer.js`);
    const script = await starter.text();
    expect(script).toMatch(/validatorUrl: (?:null|false)/);
    expect(script).not.toMatch(/https?:\/\/(?!stackoverflow)/);
  });

  it('shows the document of openapi.json', async () => {
    const [shown, given] = await Promise.all(
      ['/docs/json', '/openapi.json'].map(async (path) => {
        const answer = await fetch(`${tocsin.url}${path}`);
        return (await answer.json()) as object;
      }),
    );
    expect(shown).toEqual(given);
  });
});
