/**
 * Objects that are posted without saying when they were created and modified, since their sharer keeps no record
 * of that: what is stored says so. The same content again is the stored version, other content a later one.
 */
import { itselfAlone } from '../sharing/viewer.ts';
import { Problem } from '../errors.ts';
import { Unreadable } from '../stix/bundle/text.ts';
import { unmarked } from '../stix/exercise.ts';
import { canonicalJson } from '../stix/json/canonical.ts';
import { parseJson } from '../stix/json/read.ts';
import { comparableTimestamp } from '../stix/timestamp.ts';
import { findOwnContents } from '../store/content/own-contents.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { accept, type AcceptInput } from './accept.ts';
import type { SharingContext } from './context.ts';
import type { Posted } from './examine-all.ts';
import type { ObjectResult } from './results.ts';
import { Overtaken } from './share.ts';

/** An object without `created` and `modified`. */
export interface Undated {
  readonly id: string;
  readonly [property: string]: unknown;
}

/** The posted objects. An object that could not be read is represented by its fault. */
export interface UndatedPost extends Pick<Posted, 'part'> {
  readonly objects: readonly (Undated | Unreadable)[];
}

/** What is stored of one object. */
interface Stored {
  /** Comparable. */
  readonly modified: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Properties that a later version has from the earlier one, unless it gives them itself. */
const HANDED_ON = ['created', 'valid_from', 'created_by_ref'] as const;
const RETRIES_MAX = 8;

/**
 * Accepts them as `accept` does. A new object is created and valid from now on; one that is stored stays what it
 * is unless its content differs. Begins again where another request changes one of them meanwhile.
 */
export async function acceptUndated(
  context: SharingContext,
  post: UndatedPost,
  input: AcceptInput,
): Promise<ObjectResult[]> {
  for (let retry = 0; ; retry++) {
    const stored = await storedOf(context, post, input);
    const basis = new Map(
      post.objects.flatMap((one) =>
        one instanceof Unreadable ? [] : [[one.id, stored.get(one.id)?.modified ?? ''] as const],
      ),
    );
    const objects = dated(post.objects, stored, context.clock.now());
    try {
      return await accept(context, { objects, part: post.part }, { ...input, basis });
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (retry === RETRIES_MAX) throw contended(error);
    }
  }
}

function contended(cause: Overtaken): Problem {
  const detail = 'Other requests changed the same objects at the same time. Try again.';
  return new Problem('not_ready', detail, { cause });
}

/** As the organisation alone: what others share under an id does not count, and is not even seen. */
async function storedOf(
  { db }: SharingContext,
  { objects }: UndatedPost,
  { member }: AcceptInput,
): Promise<Map<string, Stored>> {
  const ids = objects.flatMap((one) => (one instanceof Unreadable ? [] : [one.id]));
  if (ids.length === 0) return new Map();
  const { viewer } = member;
  const found = await asViewer(db, itselfAlone(viewer), (tx) => findOwnContents(tx, viewer, ids));
  return new Map(
    found.map(({ stixId, modified, created, content }) => {
      const properties = content === null ? { created } : unmarked(parseJson(content));
      return [stixId, { modified, properties: properties as Stored['properties'] }];
    }),
  );
}

/** The objects with their times. A later one of the same id follows the one before it. */
function dated(
  objects: UndatedPost['objects'],
  stored: ReadonlyMap<string, Stored>,
  now: Date,
): unknown[] {
  const latest = new Map(stored);
  return objects.map((object) => {
    if (object instanceof Unreadable) return object;
    const before = latest.get(object.id);
    const time = now.toISOString();
    if (before === undefined) {
      const first = { valid_from: time, ...object, created: time, modified: time };
      latest.set(object.id, { modified: comparable(time), properties: first });
      return first;
    }
    const properties = { ...object, ...handedOn(object, before.properties, time) };
    const same = { ...properties, modified: before.properties['modified'] };
    if (canonicalJson(same) === canonicalJson(before.properties)) return same;
    const modified = laterThan(before.modified, time);
    const next = { ...properties, modified };
    latest.set(object.id, { modified: comparable(modified), properties: next });
    return next;
  });
}

function handedOn(
  object: Undated,
  before: Readonly<Record<string, unknown>>,
  time: string,
): Record<string, unknown> {
  const handed: Record<string, unknown> = { created: time };
  for (const name of HANDED_ON) {
    if (name === 'created' || object[name] === undefined) handed[name] = before[name] ?? time;
  }
  if (object['created_by_ref'] === undefined && before['created_by_ref'] === undefined) {
    delete handed['created_by_ref'];
  }
  return handed;
}

/** This time, or a millisecond after a stored one that is not earlier. */
function laterThan(stored: string, time: string): string {
  if (stored < comparable(time)) return time;
  return new Date(Date.parse(stored) + 1).toISOString();
}

function comparable(time: string): string {
  return comparableTimestamp(time) ?? time;
}
