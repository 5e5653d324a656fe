/** What the documents name exists: files, settings, commands, headings. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { settings } from '../../src/config.ts';
import { ROOT } from '../support/server-process.ts';

const run = promisify(execFile);

const PAGES = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: ROOT });

/** Folders below which a path in back-ticks may be given, besides the page's own and the root. */
const BASES = ['', 'src', 'docs', 'test', 'src/http', 'src/store'];
const FILE = /^(?:[\w.-]+\/)+[\w.*-]*$|^[\w-]+\.(?:ts|md|mjs|cjs|yaml|json)$/;

/** What looks like a file and is none of this project: media types, addresses, routes, made-up names. */
const NOT_OURS =
  /^(?:application|text|image|audio|video)\/|^\/|^\.\/|\d+\.\d+\.\d+|^data\/|^node_modules\/|^(?:x|bundle|part|object|receiver|message|postgres|serve|tocsin-backup|page)\.(?:json|mjs|ts)$|^reports\/|^(?:tocsin|indicators|objects|sessions|changes|me|users|keys|sharing-groups|subscriptions|audit|feeds|invitations|bundles|organisations|agreements|realms|shares)\/[a-z-]*$|^(?:AS|NTP|GB)\/|^TOCSIN/;

const text = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The words in back-ticks of a page, without its blocks of code. */
function quoted(page: string): string[] {
  const prose = text(page).replaceAll(/```[^]*?```/g, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);
}

describe('a file that a document names', () => {
  const named = PAGES.flatMap((page) =>
    quoted(page)
      .filter((word) => FILE.test(word) && !NOT_OURS.test(word))
      .map((word) => [page, word] as const),
  );

  it('is found where the documents name files at all', () => {
    expect(named.length).toBeGreaterThan(100);
  });

  it.each([...new Map(named.map((pair) => [pair.join(' '), pair])).values()])(
    '%s: %s exists',
    (page, word) => {
      const folders = [dirname(page), ...BASES];
      const found = folders.some(
        (folder) => globSync(normalize(join(folder, word)), { cwd: ROOT }).length > 0,
      );
      const anywhere =
        /^[\w.-]+$/.test(word) &&
        globSync(`**/${word}`, {
          cwd: ROOT,
          exclude: (name) => name.includes('node_modules'),
        }).length > 0;
      expect(found || anywhere || existsSync(join(ROOT, word))).toBe(true);
    },
  );
});

it('a setting that a document names exists', () => {
  const known = new Set(Object.keys(settings.shape));
  // The changelog also names settings that are gone.
  const named = PAGES.filter((page) => page !== 'CHANGELOG.md').flatMap((page) =>
    [...text(page).matchAll(/\bTOCSIN_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g)].map(
      ([name]) => `${page}: ${name}`,
    ),
  );
  expect(named.length).toBeGreaterThan(50);
  const unknown = named.filter((one) => !known.has(one.split(': ')[1] ?? ''));
  // Variables of clients in examples, and of the project's own tests.
  const others = /TOCSIN_(?:KEY|FUZZ_FACTOR|REAL_DATA)$/;
  expect(unknown.filter((one) => !others.test(one))).toEqual([]);
});

it('a heading that a link names exists', () => {
  const missing = PAGES.flatMap((page) =>
    [...text(page).matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)].flatMap(
      ([, path = '', anchor = '']) => {
        if (/^https?:|^\//.test(path)) return [];
        const target = path === '' ? page : join(dirname(page), path);
        if (!target.endsWith('.md')) return [];
        return headingsOf(target).includes(anchor) ? [] : [`${page}: ${path}#${anchor}`];
      },
    ),
  );
  expect(missing).toEqual([]);
});

/** The anchors of a page, as GitHub makes them. */
function headingsOf(page: string): string[] {
  const headings = text(page).match(/^#{1,6} .+$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('no text uses a clause as its subject', () => {
  const found = PAGES.filter((page) => /\bwhoever\b/i.test(text(page)));
  expect(found).toEqual([]);
});

it('the size of the packages is what operators.md says', async () => {
  const [, stated = ''] =
    /and (\d+) MB of disk for its packages/.exec(text('docs/operators.md')) ?? [];
  const { stdout } = await run('du', ['-sm', '--exclude=.cache', join(ROOT, 'node_modules')]);
  const actual = Number.parseInt(stdout, 10);
  expect(Number(stated)).toBeGreaterThanOrEqual(actual);
  expect(Number(stated)).toBeLessThan(actual * 1.25);
});

describe('the check of signatures in Python', () => {
  const [, code = ''] = /```python\n(import base64[^]*?)```/.exec(text('docs/siem.md')) ?? [];

  /** What it says of headers that are given as a dictionary of Python. */
  async function says(headers: string): Promise<string> {
    const secret = 'whsec_c2VjcmV0';
    const sign = `
now = str(int(time.time()))
mac = hmac.new(b"secret", b"id." + now.encode() + b".{}", hashlib.sha256).digest()
good = "v1," + base64.b64encode(mac).decode()
print(is_genuine("${secret}", ${headers}, b"{}"))`;
    return (await run('python3', ['-c', `${code}\n${sign}`])).stdout.trim();
  }

  it('accepts what was signed, among several signatures', async () => {
    const headers =
      '{"webhook-id": "id", "webhook-timestamp": now, "webhook-signature": "v1,x " + good}';
    expect(await says(headers)).toBe('True');
  });

  it.each([
    '{}',
    '{"webhook-id": "id", "webhook-timestamp": now}',
    '{"webhook-id": "id", "webhook-timestamp": "soon", "webhook-signature": good}',
    '{"webhook-id": "id", "webhook-timestamp": "1", "webhook-signature": good}',
    '{"webhook-id": "id", "webhook-timestamp": now, "webhook-signature": "v1,é"}',
    '{"webhook-id": "other", "webhook-timestamp": now, "webhook-signature": good}',
  ])('refuses, without failing: %s', async (headers) => {
    expect(await says(headers)).toBe('False');
  });
});
