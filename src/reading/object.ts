import { Problem } from '../errors.ts';
import { findObject, type SeenObject } from '../store/content/objects.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

export { VERSIONS_BYTES, VERSIONS_MAX } from '../store/content/objects.ts';

export interface ObjectInput {
  readonly stixId: string;
  /** All of its versions, newest first, instead of the current one. */
  readonly all: boolean;
  /** The version with this `modified`, a comparable timestamp. */
  readonly modified: string | undefined;
}

/** Versions of one object, at least one. */
type SeenVersions = readonly [SeenObject, ...SeenObject[]];

/**
 * The versions of one object that a member sees. Throws Problem not_found, in the same words
 * for an object that nobody has.
 */
export const readObject = metered<ObjectInput, SeenVersions>(
  'objects',
  async (db, { viewer }, { stixId, all, modified }) => {
    const found = await asViewer(db, viewer, (tx) =>
      findObject(tx, viewer.realmId, stixId, { all, modified }),
    );
    const [first, ...others] = found;
    if (first === undefined) throw new Problem('not_found', 'Object not found');
    return [first, ...others];
  },
  (found) => ({ objects: found.length }),
);
