import { liftObjects } from '../stix/lift.ts';
import type { Finding } from '../stix/check.ts';
import { examine, isRefusal, type Candidate, type Refusal, type Terms } from './examine.ts';

export interface Examined {
  readonly candidates: readonly Candidate[];
  readonly refusals: readonly Refusal[];
}

/** Objects examined between two turns of the event loop. */
const SLICE = 250;

/**
 * Examines the objects of a request, those of STIX 2.0 as the 2.1 that they become; what was done
 * to one is among its warnings. `firstIndex` is the place of the first one in the whole request.
 */
export async function examineAll(
  objects: readonly unknown[],
  terms: Terms,
  {
    firstIndex = 0,
    bundleVersion,
  }: { readonly firstIndex?: number | undefined; readonly bundleVersion?: string | undefined },
): Promise<Examined> {
  const lifted = liftObjects(objects, bundleVersion);
  const notes = notesByIndex(lifted.notes);
  const candidates: Candidate[] = [];
  const refusals: Refusal[] = [];
  for (let i = 0; i < lifted.objects.length; i++) {
    if (i > 0 && i % SLICE === 0) await new Promise((resume) => setImmediate(resume));
    const origin = lifted.origins[i] ?? i;
    const one = examine(lifted.objects[i], firstIndex + origin, terms);
    const said = notes.get(origin);
    if (isRefusal(one)) refusals.push(one);
    else if (said === undefined) candidates.push(one);
    else candidates.push({ ...one, warnings: [...said, ...one.warnings] });
  }
  return { candidates, refusals };
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
