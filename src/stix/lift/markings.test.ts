import { describe, expect, it } from 'vitest';
import { checkObject } from '../check/check.ts';
import { liftObjects } from './lift.ts';

const RED = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1';
const GREEN = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';
const DAY = '2017-01-01T00:00:00.000Z';
const CONTAINER = {
  0: { type: 'ipv4-addr', value: '192.0.2.1' },
  1: { type: 'file', name: 'a.exe', created: DAY, hashes: { ssdeep: '3:abc:def' } },
};

interface Marked {
  readonly object_marking_refs?: readonly string[];
  readonly granular_markings?: readonly object[];
}

function lift(markings: object, objects: object = CONTAINER) {
  const observed = {
    type: 'observed-data',
    id: 'observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
    created: DAY,
    modified: DAY,
    first_observed: DAY,
    last_observed: DAY,
    number_observed: 1,
    ...markings,
    objects,
  };
  const lifted = liftObjects([observed], '2.0');
  const [container, ...parts] = lifted.objects as Marked[];
  return { lifted, container, parts };
}

const granular = (selectors: readonly string[], more: object = { marking_ref: RED }) => ({
  granular_markings: [{ ...more, selectors }],
});

describe('the markings of a container', () => {
  it('are those of everything in it', () => {
    const { lifted, container, parts } = lift({ object_marking_refs: [RED] });
    expect(lifted.parts).toEqual([false, true, true]);
    expect([container, ...parts].map((one) => one?.object_marking_refs)).toEqual([
      [RED],
      [RED],
      [RED],
    ]);
  });

  it.each<[selectors: string[], ofContainer: string[], ofParts: (Marked | undefined)[]]>([
    [
      ['objects'],
      ['object_refs'],
      [{ object_marking_refs: [RED] }, { object_marking_refs: [RED] }],
    ],
    [['objects.0'], ['object_refs.[0]'], [{ object_marking_refs: [RED] }, undefined]],
    [['objects.0.value'], ['object_refs.[0]'], [granular(['value']), undefined]],
    [
      ['first_observed', 'objects.1.created', 'objects.1.hashes.ssdeep'],
      ['first_observed', 'object_refs.[1]'],
      [undefined, granular(['ctime', 'hashes.SSDEEP'])],
    ],
    // What the selector named has another shape now, or never was there.
    [['objects.0.nothing'], ['object_refs.[0]'], [{ object_marking_refs: [RED] }, undefined]],
  ])('follow %j', (selectors, ofContainer, ofParts) => {
    const { lifted, container, parts } = lift(granular(selectors));
    expect(container).toMatchObject(granular(ofContainer));
    parts.forEach((part, i) => {
      const { object_marking_refs: refs, granular_markings: own } = part;
      const expected = ofParts[i] ?? {};
      expect({ refs, own }).toEqual({
        refs: expected.object_marking_refs,
        own: expected.granular_markings,
      });
    });
    for (const object of lifted.objects) expect(checkObject(object)).toMatchObject({ ok: true });
  });

  it('leave a language with the value', () => {
    const { container, parts } = lift(granular(['objects.1.name'], { lang: 'en' }));
    expect(container).not.toHaveProperty('granular_markings');
    expect(parts[1]).toMatchObject(granular(['name'], { lang: 'en' }));
  });

  it('reject a container in which a selector leads nowhere', () => {
    for (const selector of ['objects.7.value', 'nothing']) {
      const { container } = lift(granular([selector]));
      expect(checkObject(container)).toMatchObject({
        ok: false,
        errors: [{ code: 'selector_without_content' }],
      });
    }
  });

  it('are all on an observable that two keys hold', () => {
    const twice = { 0: CONTAINER[0], 1: CONTAINER[0] };
    const { container, parts } = lift(
      {
        granular_markings: [
          { marking_ref: RED, selectors: ['objects.0'] },
          { marking_ref: GREEN, selectors: ['objects.1.value'] },
        ],
      },
      twice,
    );
    expect(parts).toMatchObject([
      { object_marking_refs: [RED], granular_markings: [{ marking_ref: GREEN }] },
    ]);
    expect(checkObject(container)).toMatchObject({ ok: true });
  });

  it('that are not what they must be are left to the checks', () => {
    for (const markings of [
      { granular_markings: [7, { selectors: [7] }, {}] },
      { object_marking_refs: 7 },
    ]) {
      expect(checkObject(lift(markings).container).ok).toBe(false);
    }
  });
});
