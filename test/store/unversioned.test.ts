/** Which types have no versions is said in TypeScript and in SQL. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OBJECT_TYPES } from '../../src/stix/schema/registry.ts';
import { SCO_TYPES } from '../../src/stix/object.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

it('is_unversioned knows the observables and marking definitions, and nothing else', async () => {
  const types = [...new Set([...OBJECT_TYPES.keys(), ...SCO_TYPES]), 'x-own', 'bundle', ''];
  const rows = await tocsin.sql<{ type: string }>(
    'select type from unnest($1::text[]) as type where is_unversioned(type)',
    [types],
  );
  expect(rows.map(({ type }) => type).toSorted()).toEqual(
    [...SCO_TYPES, 'marking-definition'].toSorted(),
  );
  const [source] = await tocsin.sql<{ source: string }>(
    "select prosrc as source from pg_proc where proname = 'is_unversioned'",
  );
  // Of types that STIX does not define, it names none either.
  const named = /\{([^}]+)\}/.exec(source?.source ?? '')?.[1]?.split(',') ?? [];
  expect(named.toSorted()).toEqual([...SCO_TYPES, 'marking-definition'].toSorted());
});
