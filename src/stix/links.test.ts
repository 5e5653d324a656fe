import { expect, it } from 'vitest';
import { linksOf } from './links.ts';

it('linksOf lists what an object names, without its creator and markings', () => {
  const object = {
    type: 'report',
    created_by_ref: 'identity--1',
    object_marking_refs: ['marking-definition--1'],
    object_refs: ['malware--1', 'malware--2', 'malware--1', 5],
    source_ref: 'indicator--1',
    other_ref: 7,
    name_refs: 'malware--3',
    extensions: { inner_ref: 'malware--4' },
  };
  expect(linksOf(object)).toEqual([
    { property: 'object_refs', target: 'malware--1' },
    { property: 'object_refs', target: 'malware--2' },
    { property: 'source_ref', target: 'indicator--1' },
  ]);
});
