import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuditRow, DisclosureRecord } from '../store/audit/records.ts';

const Detail = z.object({ door: z.string(), state: z.string() });

/** Verifies what is stored about each reader against its newest entry. */
export class DisclosureCheck {
  readonly #newest = new Map<string, { readonly at: string; readonly state: string }>();

  /** Takes the rows in order. */
  row({ action, actor, realmId, detail, at }: AuditRow): void {
    if (action !== 'objects.disclose') return;
    const said = Detail.safeParse(JSON.parse(detail)).data;
    if (said !== undefined) {
      this.#newest.set(`${actor}\n${said.door}\n${realmId ?? '-'}`, { at, state: said.state });
    }
  }

  /** Whether a reader's row agrees; `isPruned` tells for a month whether its entries may be gone. */
  agrees(record: DisclosureRecord, isPruned: (month: string) => boolean): boolean {
    const { reader, door, realmId, notedAt, notedPlace, notedObjects } = record;
    const key = `${reader}\n${door}\n${realmId}`;
    const newest = this.#newest.get(key);
    this.#newest.delete(key);
    if (!isPlausible(record)) return false;
    if (notedAt === '-infinity') {
      return newest === undefined && notedPlace === 0 && notedObjects === 0;
    }
    if (newest === undefined) return isPruned(notedAt.slice(0, 'YYYY-MM'.length));
    return newest.at === notedAt && newest.state === stateOf(record);
  }

  /** Whether every reader that entries name has its row. */
  isComplete(): boolean {
    return this.#newest.size === 0;
  }
}

/** What was read is at least what was noted; where it is the same, nothing was read since. */
function isPlausible({ place, objects, notedPlace, notedObjects }: DisclosureRecord): boolean {
  return objects > notedObjects
    ? place >= notedPlace
    : objects === notedObjects && place === notedPlace;
}

/** The hash in an entry of what the row of its reader said then. */
function stateOf(record: DisclosureRecord): string {
  const { salt, reader, door, realmId, organisationId, notedPlace, notedObjects } = record;
  const lines = [salt, reader, door, realmId, organisationId, notedPlace, notedObjects];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
