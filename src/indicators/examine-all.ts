import { createOneByOne } from '../concurrency/one-by-one.ts';
import { inSlices } from '../concurrency/slices.ts';
import type { Member } from '../sharing/member.ts';
import { liftSteps } from '../stix/lift/lift.ts';
import type { Steps } from '../stix/steps.ts';
import type { Finding } from '../stix/check/check.ts';
import { examine, isRejection, type Candidate, type Rejection } from './examine.ts';
import type { Terms } from './judge.ts';
import type { KnownMarkings } from './markings.ts';
import { bindParts } from './lifted-parts.ts';

/** A part of a request that comes in parts. */
export interface RequestPart {
  /** The index of its first object in the whole request. */
  readonly firstIndex: number;
  /** What earlier parts say of markings; this part adds to it. */
  readonly markings: KnownMarkings;
  /** Whether more parts follow. */
  readonly moreFollow: boolean;
}

/** What is posted. */
export interface Posted {
  readonly objects: readonly unknown[];
  /** What the bundle says of itself, as only STIX 2.0 does. */
  readonly bundleVersion?: string | undefined;
  /** Where it is only a part of what the request posts. */
  readonly part?: RequestPart | undefined;
}

export interface Examined {
  readonly candidates: readonly Candidate[];
  readonly rejections: readonly Rejection[];
}

/** So many objects are a small request. */
const SMALL = 250;
/** Objects of one large request that are examined before it is the turn of another one of the organisation. */
const TURN = 2500;
const oneByOne = createOneByOne();

/**
 * Examines what is posted, objects of STIX 2.0 as the 2.1 that they become; what was done to one is
 * among its warnings.
 */
export async function examineAll(
  { objects, bundleVersion, part }: Posted,
  terms: Terms,
  { organisation }: Pick<Member, 'organisation'>,
): Promise<Examined> {
  const firstIndex = part?.firstIndex ?? 0;
  const source = String(organisation.id);
  const lifted = await inSlices(source, liftSteps(objects, bundleVersion));
  const notes = notesByIndex(lifted.notes);
  const candidates: Candidate[] = [];
  const rejections: Rejection[] = [];
  function* examineFrom(start: number): Steps<void> {
    const end = Math.min(start + TURN, lifted.objects.length);
    for (let i = start; i < end; i++) {
      const origin = lifted.origins[i] ?? i;
      const one = examine(lifted.objects[i], firstIndex + origin, terms);
      const said = notes.get(origin);
      if (isRejection(one)) rejections.push(one);
      else if (said === undefined) candidates.push(one);
      else {
        const warnings = [...said, ...one.warnings];
        candidates.push({ ...one, warnings, isPart: lifted.parts[i] === true });
      }
      yield undefined;
    }
  }
  // A small request waits for nobody.
  if (lifted.objects.length <= SMALL) await inSlices(source, examineFrom(0));
  else {
    for (let start = 0; start < lifted.objects.length; start += TURN) {
      await oneByOne(source, () => inSlices(source, examineFrom(start)));
    }
  }
  return bindParts({ candidates, rejections });
}

/** What lifting says, by the place of the object it is said of. */
export function notesByIndex(
  notes: readonly (Finding & { readonly index: number })[],
): Map<number, Finding[]> {
  const byIndex = new Map<number, Finding[]>();
  for (const { index, ...finding } of notes) {
    const said = byIndex.get(index);
    if (said === undefined) byIndex.set(index, [finding]);
    else said.push(finding);
  }
  return byIndex;
}
