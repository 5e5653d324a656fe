import { describe, expect, it } from 'vitest';
import { readBundle } from './bundle.ts';
import { versionOf } from '../version.ts';

describe('readBundle', () => {
  it('opens a bundle without touching its objects', () => {
    const objects = [{ type: 'indicator' }, 7];
    const bundle = readBundle({ type: 'bundle', id: 'bundle--x', objects });
    expect(bundle).toMatchObject({ ok: true, id: 'bundle--x', objects });
    expect(bundle.ok && bundle.objects).toBe(objects);
    expect(readBundle({ type: 'bundle', spec_version: '2.0' })).toMatchObject({
      ok: true,
      specVersion: '2.0',
      objects: [],
    });
    expect(readBundle({ type: 'bundle', id: 7, objects: [] })).toMatchObject({
      ok: true,
      objects: [],
    });
  });

  it('names the members that a bundle does not have, and refuses one in the place of objects', () => {
    const bundle = readBundle({ type: 'bundle', objects: [], spec_version: '2.0', x_tool: 1 });
    expect(bundle).toMatchObject({
      ok: true,
      warnings: [{ code: 'unknown_member', path: '$.x_tool' }, { code: 'bundle_empty' }],
    });
    const wrong = readBundle({ type: 'bundle', Objects: [] });
    expect(wrong).toMatchObject({
      ok: false,
      error: { code: 'unknown_member', path: '$.Objects' },
    });
  });

  it('reads one object by itself as a bundle of it', () => {
    const object = { type: 'indicator', id: 'indicator--x' };
    expect(readBundle(object)).toMatchObject({ ok: true, objects: [object] });
  });

  it.each([
    [[], 'not_a_bundle', '$', 'a bare list; wrap it'],
    [null, 'not_a_bundle', '$', 'expected an object'],
    ['bundle', 'not_a_bundle', '$', 'expected an object'],
    [{}, 'not_a_bundle', '$.type', 'found no type'],
    [{ type: 'indicator' }, 'not_a_bundle', '$.type', 'found "indicator"'],
    [{ type: 'bundle', id: 'x', objects: 'y' }, 'objects_not_a_list', '$.objects', 'a list'],
    [{ type: 'bundle', objects: {} }, 'objects_not_a_list', '$.objects', 'a list'],
    [{ type: 'bundle', objects: null }, 'ok', '', ''],
  ])('%j: %s', (value, code, path, detail) => {
    const bundle = readBundle(value);
    if (bundle.ok) {
      expect(code).toBe('ok');
      return;
    }
    expect(bundle.error).toMatchObject({ code, path, clause: 'STIX 2.1 section 8' });
    expect(bundle.error.detail).toContain(detail);
  });
});

describe('versionOf', () => {
  const created = '2024-01-01T00:00:00Z';
  const modified = '2024-01-02T00:00:00.5Z';
  it.each([
    [{ type: 'indicator', id: 'x', created, modified }, '2024-01-02T00:00:00.500000Z'],
    [{ type: 'x-own', id: 'x', created, modified }, '2024-01-02T00:00:00.500000Z'],
    [{ type: 'marking-definition', id: 'x', created, modified }, '2024-01-01T00:00:00.000000Z'],
    [{ type: 'file', id: 'x', created, modified }, undefined],
    [{ type: 'indicator', id: 'x', created }, undefined],
    [{ type: 'indicator', id: 'x', modified: 'soon' }, undefined],
  ])('%j', (object, version) => {
    expect(versionOf(object)).toBe(version);
  });
});
