/**
 * How organisations divide what a process has only so much of. Beyond its own limit, no organisation
 * may hold more than it leaves free to all others. So n of them that act together leave one
 * part in n + 1 to the next, and half of what is left is always there for one that holds
 * nothing.
 */

/** What there is of something, and how it is divided. */
export interface Division {
  readonly total: number;
  /** What one organisation may hold at most; from `total` on, nothing is divided. */
  readonly perOrganisation: number;
  /** A part that those who hold more than half of it do not get, so that the rest finds room. */
  readonly reserve?: number;
  /** So much is left to one that holds nothing as long as there is any: 1 for what is counted. */
  readonly unit?: number;
}

/** Whether an organisation may hold `held` while the others hold `others`. */
export function mayHold(
  division: Division,
  { held, others }: { readonly held: number; readonly others: number },
): boolean {
  const { total, perOrganisation, reserve = 0, unit = 0 } = division;
  const free = total - others - held;
  if (held > perOrganisation || free < 0) return false;
  if (!isDivided(division) || others === 0) return true;
  return held - unit <= (held > reserve / 2 ? free - reserve : free);
}

/** Whether there are limits for one organisation at all. */
export function isDivided({ total, perOrganisation }: Division): boolean {
  return perOrganisation < total;
}
