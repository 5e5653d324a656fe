/** What a sharer's markings mean: those that its request defines, and those that it shared before. */
import { inSlices } from '../concurrency/slices.ts';
import { Problem } from '../errors.ts';
import { itselfAlone, type Viewer } from '../sharing/viewer.ts';
import { unmarked } from '../stix/exercise.ts';
import { parseJson } from '../stix/json/read.ts';
import { addMeaning, ownMarkingsIn, type Meaning, type Meanings } from '../stix/marking/marking.ts';
import type { Steps } from '../stix/steps.ts';
import type { Database } from '../store/postgres/database.ts';
import { findOwnMarkings } from '../store/content/markings.ts';
import { asViewer, type Tx } from '../store/postgres/transaction.ts';

/** Marking definitions of one request whose meaning is remembered. */
const MARKINGS_MAX = 50_000;

/** What one request knows of markings, by their id in lower case; its parts add to it. */
export type KnownMarkings = Map<string, Meaning>;

/**
 * Adds what these objects define, wherever in the list they do, and what the sharer's stored definitions
 * say of the markings that they refer to. Of several definitions of one id the strictest counts.
 * Throws Problem bundle_too_large.
 */
export async function learnMarkings(
  db: Database,
  viewer: Viewer,
  objects: readonly unknown[],
  known: KnownMarkings = new Map(),
): Promise<Meanings> {
  const wanted = await inSlices(String(viewer.organisationId), learnFrom(objects, known));
  if (wanted.size > 0) {
    // As the organisation alone: what others call a marking does not count.
    await asViewer(db, itselfAlone(viewer), (tx) => learnStored(tx, viewer, wanted, known));
  }
  if (known.size > MARKINGS_MAX) {
    throw new Problem(
      'bundle_too_large',
      `One request may define ${MARKINGS_MAX} markings. Send the rest in another request`,
      { extra: { limit: MARKINGS_MAX } },
    );
  }
  return known;
}

/** What the stored definitions of the viewer's organisation say of the markings of one object. */
export async function storedMeanings(tx: Tx, viewer: Viewer, object: unknown): Promise<Meanings> {
  const known: KnownMarkings = new Map();
  const wanted = new Set(ownMarkingsIn(object).map((id) => id.toLowerCase()));
  if (wanted.size > 0) await learnStored(tx, viewer, wanted, known);
  return known;
}

/** Returns the markings whose stored definitions are to be asked for: those that no earlier part named. */
function* learnFrom(objects: readonly unknown[], known: KnownMarkings): Steps<Set<string>> {
  const wanted = new Set<string>();
  for (const object of objects) {
    for (const id of ownMarkingsIn(object)) {
      const key = id.toLowerCase();
      if (!known.has(key)) wanted.add(key);
    }
    yield undefined;
  }
  for (const object of objects) {
    addMeaning(known, object);
    yield undefined;
  }
  return wanted;
}

async function learnStored(
  tx: Tx,
  viewer: Viewer,
  wanted: ReadonlySet<string>,
  known: KnownMarkings,
): Promise<void> {
  for await (const { stixId, content } of findOwnMarkings(tx, viewer, wanted)) {
    const id = stixId.toLowerCase();
    if (content !== null) addMeaning(known, unmarked(parseJson(content)));
    else if (!known.has(id)) known.set(id, 'unknown');
  }
}
