/** What is stored to look objects up by. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import {
  address,
  indicator,
  newer,
  relationship,
  TLP,
  type PostedObject,
} from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { valueKey } from '../../src/stix/value/key.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Row {
  readonly role: number;
  readonly file: number | null;
  readonly kind: string;
  readonly value: string;
  readonly key: string;
  readonly address: string | null;
  readonly domain: string | null;
}

const storedOf = ({ id }: PostedObject): Promise<Row[]> =>
  tocsin.sql<Row>(
    `select o.role, o.file, o.kind, o.value, replace(o.key::text, '-', '') as key,
       o.address::text, o.domain
     from observable o join version v on v.id = o.version_id
     where v.stix_id = $1 order by v.id, o.ordinal`,
    [id],
  );

it('stores each value with its key, role, file, network and reversed domain', async () => {
  const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
  const object = indicator({
    pattern:
      "[domain-name:value = 'WWW.Example.com' OR ipv4-addr:value ISSUBSET '198.51.100.0/24' OR " +
      "url:value = 'http://[2001:db8::1]/a'] OR [file:hashes.MD5 = '" +
      `${md5}' AND file:hashes.SSDEEP = 'x' AND domain-name:value != 'a.example.org']`,
  });
  await alice.shares(object);
  const row = (role: number, kind: string, value: string, rest: Partial<Row> = {}): Row => ({
    role,
    file: null,
    kind,
    value,
    key: valueKey(kind, value),
    address: null,
    domain: null,
    ...rest,
  });
  expect(await storedOf(object)).toEqual([
    row(1, 'domain-name', 'www.example.com', { domain: 'com.example.www.' }),
    row(1, 'ipv4-cidr', '198.51.100.0/24', { address: '198.51.100.0/24' }),
    row(1, 'url', 'http://[2001:db8::1]/a', { address: '2001:db8::1/128' }),
    row(2, 'md5', md5, { file: 1 }),
    row(2, 'ssdeep', 'x', { file: 1 }),
    row(3, 'domain-name', 'a.example.org', { domain: 'org.example.a.' }),
  ]);
});

it('stores values of current versions only', async () => {
  const object = indicator({ pattern: "[domain-name:value = 'old.example.com']" });
  await alice.shares(object);
  const replaced = newer(object, 1, { pattern: "[domain-name:value = 'mid.example.com']" });
  const last = newer(object, 2, { pattern: "[domain-name:value = 'new.example.com']" });
  await alice.shares([replaced, last]);
  expect((await storedOf(object)).map(({ value }) => value)).toEqual(['new.example.com']);
});

it('stores all hashes of a file as those of one file', async () => {
  const object = address({
    id: 'file--5a4d1a1e-3f0b-4b6f-9c3e-3a8f6f0d9c11',
    type: 'file',
    value: undefined,
    name: 'a.exe',
    hashes: { MD5: 'd41d8cd98f00b204e9800998ecf8427e', 'SHA-1': 'a'.repeat(40) },
  });
  await alice.shares(object);
  expect((await storedOf(object)).map(({ kind, file }) => [kind, file])).toEqual([
    ['file-name', null],
    ['md5', 1],
    ['sha1', 1],
  ]);
});

it('stores what the current version of a relationship connects, without its creator and markings', async () => {
  const [from, to, other] = [indicator(), indicator(), indicator()];
  const object = relationship(from.id, to.id, {
    created_by_ref: alice.identity,
    object_marking_refs: [TLP.green],
  });
  const linksOf = () =>
    tocsin.sql(
      `select l.property, l.target from link l join version v on v.id = l.version_id
       where v.stix_id = $1 order by l.ordinal`,
      [object.id],
    );
  await alice.shares(object);
  expect(await linksOf()).toEqual([
    { property: 'source_ref', target: from.id },
    { property: 'target_ref', target: to.id },
  ]);
  await alice.shares(newer(object, 1, { target_ref: other.id }));
  expect(await linksOf()).toEqual([
    { property: 'source_ref', target: from.id },
    { property: 'target_ref', target: other.id },
  ]);
});
