import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import type { AuditRow, LeafRecord } from '../store/audit/records.ts';
import type { AuditFault } from './verify-fault.ts';

const PrunedMonth = z.object({ month: z.string(), rows: z.number(), digest: z.string() });
type PrunedMonth = z.infer<typeof PrunedMonth>;

/** What an entry audit.prune says. */
const Prune = z.object({ pruned: z.array(PrunedMonth) });

interface Month {
  leaves: number;
  /** Leaves without a row. */
  gone: number;
  readonly digest: Hash;
  lastPosition: number;
  firstGone: AuditFault | undefined;
  /** How many leaves it had when retention named it. */
  named: number | undefined;
}

/** Verifies that every row that is gone was taken by retention, with its whole month. */
export class RetentionCheck {
  readonly #months = new Map<string, Month>();

  leaf({ position, auditId, month, hash, row }: LeafRecord): void {
    const name = month.slice(0, 'YYYY-MM'.length);
    const found = this.#months.get(name) ?? {
      leaves: 0,
      gone: 0,
      digest: createHash('sha256'),
      lastPosition: position,
      firstGone: undefined,
      named: undefined,
    };
    this.#months.set(name, found);
    found.leaves += 1;
    found.lastPosition = position;
    found.digest.update(Buffer.from(hash, 'hex'));
    if (row !== null) return;
    found.gone += 1;
    found.firstGone ??= { kind: 'removed', position, auditId };
  }

  /**
   * Takes an entry audit.prune. Each month that it names must have ended before the entry, have
   * been under a checkpoint before it, and have the leaves that it says.
   */
  prune(
    row: AuditRow,
    position: number,
    covered: (last: number, position: number) => boolean,
  ): AuditFault | undefined {
    const fault: AuditFault = { kind: 'pruned', position, auditId: row.id };
    const said = Prune.safeParse(JSON.parse(row.detail)).data;
    if (said === undefined) return fault;
    const isTrue = said.pruned.every((one) => {
      const found = this.#months.get(one.month);
      const wasSigned = found === undefined || covered(found.lastPosition, position);
      return wasSigned && Date.parse(row.at) >= endOf(one.month) && agrees(one, found);
    });
    if (!isTrue) return fault;
    for (const { month } of said.pruned) {
      const found = this.#months.get(month);
      if (found !== undefined) found.named = found.leaves;
    }
    return undefined;
  }

  /** Whether retention may have taken the rows of a month. */
  names(month: string): boolean {
    return this.#months.get(month)?.named !== undefined;
  }

  /** The first row that is gone and that retention did not take. */
  finish(): AuditFault | undefined {
    const faults = [...this.#months.values()].flatMap(faultOf);
    return faults.toSorted((a, b) => a.position - b.position)[0];
  }
}

/** Whether an entry says of a month what its leaves make. */
function agrees(said: PrunedMonth, found: Month | undefined): boolean {
  const made = (found?.digest.copy() ?? createHash('sha256')).digest('hex');
  return said.rows === (found?.leaves ?? 0) && said.digest === made;
}

function faultOf({ leaves, gone, firstGone, named, lastPosition }: Month): AuditFault[] {
  if (named !== undefined && named !== leaves) return [{ kind: 'pruned', position: lastPosition }];
  if (firstGone === undefined || (named !== undefined && gone === leaves)) return [];
  return [firstGone];
}

/** When a month (YYYY-MM) ends, in milliseconds; NaN where it is none. */
export function endOf(month: string): number {
  const start = new Date(`${month}-01T00:00:00Z`);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1);
}
