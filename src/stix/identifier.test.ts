import { describe, expect, it } from 'vitest';
import { isIdentifier, isIdentifierOf, isTypeName, readIdentifier } from './identifier.ts';
import { randomIdFrom, scoIdOf } from './sco-id.ts';

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';

const NO_IDENTIFIERS = [
  '',
  UUID,
  `--${UUID}`,
  `indicator-${UUID}`,
  `indicator---${UUID}`,
  `Indicator--${UUID}`,
  `my--type--${UUID}`,
  `9type--${UUID}`,
  `indicator--${UUID.slice(1)}`,
  `indicator--${UUID}0`,
  `indicator--${UUID.replaceAll('-', '')}`,
  'indicator--8e2e2d2b-17d4-0cbf-938f-98ee46b3cd3f',
  'indicator--8e2e2d2b-17d4-9cbf-938f-98ee46b3cd3f',
  'indicator--8e2e2d2b-17d4-4cbf-738f-98ee46b3cd3f',
  'indicator--8e2e2d2b-17d4-4cbf-c38f-98ee46b3cd3f',
  'indicator--00000000-0000-0000-0000-000000000000',
  'indicator--1',
  `${'a'.repeat(300)}--${UUID}`,
];

describe('identifiers', () => {
  it.each([
    [`indicator--${UUID}`, { type: 'indicator', uuid: UUID, uuidVersion: 4 }],
    [
      `x-own-type--${UUID.toUpperCase()}`,
      { type: 'x-own-type', uuid: UUID.toUpperCase(), uuidVersion: 4 },
    ],
    ['file--28bb3599-77cd-5a82-a950-b5bc3caf07c4', { type: 'file', uuidVersion: 5 }],
    ['note--018f3c1e-0000-7000-b000-000000000000', { type: 'note', uuidVersion: 7 }],
  ])('reads %s', (text, parts) => {
    expect(readIdentifier(text)).toMatchObject(parts);
  });

  it.each(NO_IDENTIFIERS)('refuses %s', (text) => {
    expect(isIdentifier(text)).toBe(false);
    expect(readIdentifier(text)).toBeUndefined();
  });

  it('tells the plain form of one type', () => {
    expect(isIdentifierOf('indicator', `indicator--${UUID}`)).toBe(true);
    expect(isIdentifierOf('indicator', `indicator--${UUID.toUpperCase()}`)).toBe(false);
    expect(isIdentifierOf('indicator', `malware00--${UUID}`)).toBe(false);
    expect(isIdentifierOf('malware', `indicator--${UUID}`)).toBe(false);
    expect(isIdentifierOf('indicator', 7)).toBe(false);
  });

  it.each([
    ['file', true],
    ['x-a-1', true],
    ['ab', false],
    ['a--b', false],
    ['-ab', false],
    ['ab-', false],
    ['Abc', false],
    ['a_b', false],
    ['a'.repeat(251), false],
  ])('type name %s: %s', (name, expected) => {
    expect(isTypeName(name)).toBe(expected);
  });
});

describe('scoIdOf', () => {
  // The examples of STIX 2.1 sections 6.8 and 6.4, as corrected by its errata.
  it.each([
    [
      { type: 'ipv4-addr', value: '198.51.100.3' },
      'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4',
    ],
    [
      { type: 'domain-name', value: 'example.com', resolves_to_refs: ['x'] },
      'domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7',
    ],
  ])('%j is %s', (object, id) => {
    expect(scoIdOf(object)).toBe(id);
  });

  it('takes one hash, by preference, else the first by name', () => {
    const hashes = { 'SHA-256': 'b', MD5: 'a', zzz: 'c' };
    expect(scoIdOf({ type: 'file', hashes })).toBe(scoIdOf({ type: 'file', hashes: { MD5: 'a' } }));
    expect(scoIdOf({ type: 'file', hashes: { b: '1', a: '2' } })).toBe(
      scoIdOf({ type: 'file', hashes: { a: '2' } }),
    );
    expect(scoIdOf({ type: 'file', hashes })).not.toBe(
      scoIdOf({ type: 'file', hashes: { MD5: 'x' } }),
    );
  });

  it('knows what contributes and what does not', () => {
    const key = { type: 'windows-registry-key', key: 'HKEY_USERS\\x', values: [{ name: 'a' }] };
    expect(scoIdOf({ ...key, number_of_subkeys: 3 })).toBe(scoIdOf(key));
    expect(scoIdOf({ ...key, values: [{ name: 'b' }] })).not.toBe(scoIdOf(key));
  });

  it.each([
    [{ type: 'process', pid: 1 }],
    [{ type: 'indicator', pattern: 'x' }],
    [{ type: 'artifact', url: 'x' }],
    [{ type: 'constructor' }],
    [{}],
  ])('gives none to %j', (object) => {
    expect(scoIdOf(object)).toBeUndefined();
  });

  it('makes the same random id from the same seed', () => {
    const id = randomIdFrom('process', 'seed');
    expect(readIdentifier(id)).toMatchObject({ type: 'process', uuidVersion: 4 });
    expect(randomIdFrom('process', 'seed')).toBe(id);
    expect(randomIdFrom('process', 'other')).not.toBe(id);
  });
});
