/**
 * Look-up over real data that others published, if it is beside the project (or where TOCSIN_REAL_DATA says). It is
 * never part of the project; without it these tests are skipped.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { LOOKUP_PART, lookUp } from '../../src/reading/lookup.ts';
import { NO_QUOTA, type MemberReading } from '../../src/reading/metered.ts';
import { MODES } from '../../src/stix/lookup/candidates.ts';
import type { LookupResult } from '../../src/stix/lookup/results.ts';
import type { AskedValue } from '../../src/stix/lookup/understand.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const given = process.env['TOCSIN_REAL_DATA'];
const root = given ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
/** Of those found beside the project, a sample: their order is shuffled. */
const VALUES_MAX = given === undefined ? 50_000 : Number.POSITIVE_INFINITY;
const PATIENCE_MS = 1_200_000;

let tocsin: Tocsin;
let alice: Actor;
let reading: MemberReading;

describe.skipIf(!existsSync(`${root}/values.tsv.gz`))(
  'real indicators and 1,963,077 values',
  () => {
    beforeAll(async () => {
      tocsin = await startTocsin({ settings: { TOCSIN_RATE_ROWS: '1000000000' } });
      alice = await anActor(tocsin);
      const member = await memberOfOrganisation(tocsin.db, alice.slug, 'test');
      const disclosures = { record: () => undefined };
      reading = { db: tocsin.db, member, disclosures, quota: NO_QUOTA };
      for (const file of globSync('stix2{0,1}/**/*.{json,stix2}', { cwd: root }).toSorted()) {
        const text = readFileSync(`${root}/${file}`, 'utf8');
        await alice.sends('post', '/bundles').set('content-type', 'application/json').send(text);
      }
    }, PATIENCE_MS);
    afterAll(() => tocsin.close());

    it(
      'finds every value that the indicators list, by its type',
      async () => {
        const listed = await tocsin.sql<{ kind: string; value: string }>(
          `select distinct kind, value from observable where role < 3 and kind <> 'subdomains'`,
        );
        expect(listed.length).toBeGreaterThan(3000);
        const asked = listed.map(({ kind: type, value }) => ({ type, value }));
        const missed: string[] = [];
        for (const result of await lookUpAll(asked)) {
          if (!result.hits.some(({ match }) => match === 'exact')) missed.push(result.value);
        }
        expect(missed).toEqual([]);
      },
      PATIENCE_MS,
    );

    it(
      'finds of the published values exactly those that the indicators list',
      async () => {
        const lines = gunzipSync(readFileSync(`${root}/values.tsv.gz`))
          .toString()
          .trimEnd()
          .split('\n');
        const values = lines.slice(0, VALUES_MAX).map((line) => line.split('\t')[1] ?? '');
        const listed = new Set(
          (
            await tocsin.sql<{ value: string }>(
              'select distinct value from observable where role < 3',
            )
          ).map(({ value }) => value),
        );
        const byMode = new Map<string, number>();
        const wrong: string[] = [];
        for (let from = 0; from < values.length; from += LOOKUP_PART) {
          for (const { value, understood, hits } of await lookUpAll(
            values.slice(from, from + LOOKUP_PART).map(toAsked),
          )) {
            for (const { match } of hits.slice(0, 1))
              byMode.set(match, (byMode.get(match) ?? 0) + 1);
            const found = hits.filter(({ match }) => match === 'exact');
            const isMissed = found.length === 0 && listed.has(understood?.value ?? '');
            const isMadeUp = found.some(({ matched }) => !listed.has(matched.value));
            if (isMissed || isMadeUp) wrong.push(value);
          }
        }
        console.info(`Of ${values.length} values: ${JSON.stringify(Object.fromEntries(byMode))}`);
        expect(wrong).toEqual([]);
        expect(byMode.get('exact') ?? 0).toBeGreaterThan(0);
      },
      PATIENCE_MS,
    );
  },
);

function toAsked(value: string): AskedValue {
  return { value };
}

async function lookUpAll(asked: readonly AskedValue[]): Promise<LookupResult[]> {
  const results: LookupResult[] = [];
  const options = { modes: new Set(MODES), subdomains: false };
  for (let from = 0; from < asked.length; from += LOOKUP_PART) {
    const values = asked.slice(from, from + LOOKUP_PART);
    results.push(...(await lookUp(reading, { values, options, now: new Date() })));
  }
  return results;
}
