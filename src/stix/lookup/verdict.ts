/** What the hits of a value come to, in one word. */
import type { Role } from '../pattern/observables.ts';
import type { Mode } from './candidates.ts';

/**
 * - `malicious`: an active indicator of something malicious matches
 * - `suspicious`: an active indicator matches weakly: with other conditions, by a parent domain that nothing
 *   but the option counts, by an address within a network, or of activity that is not called malicious
 * - `benign`: active indicators call it benign, and none anything else
 * - `inactive`: only expired or revoked indicators match
 * - `observed`: it occurs in observables alone, or where patterns exclude it
 * - `unknown`: nothing that you may see matches
 */
export const VERDICTS = [
  'malicious',
  'suspicious',
  'benign',
  'inactive',
  'observed',
  'unknown',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export type State = 'active' | 'expired' | 'revoked';

/** What of a hit counts. */
export interface Weighed {
  readonly mode: Mode;
  readonly by?: 'pattern' | 'option';
  readonly role: Role;
  readonly state: State;
  readonly isIndicator: boolean;
  readonly indicatorTypes: readonly string[];
}

const MALICIOUS: ReadonlySet<string> = new Set(['malicious-activity', 'compromised']);

/** The verdict of one hit. */
export function verdictOfHit(hit: Weighed): Exclude<Verdict, 'unknown'> {
  if (!hit.isIndicator || hit.role === 'excluded') return 'observed';
  if (hit.state !== 'active') return 'inactive';
  const types = hit.indicatorTypes;
  if (types.length > 0 && types.every((type) => type === 'benign')) return 'benign';
  const isMalicious = types.length === 0 || types.some((type) => MALICIOUS.has(type));
  const isWeak = hit.role === 'part' || hit.mode === 'address' || hit.by === 'option';
  return isMalicious && !isWeak ? 'malicious' : 'suspicious';
}

/** The verdict of all hits of a value: the first of the list that any of them has. */
export function verdictOf(hits: readonly Weighed[]): Verdict {
  const verdicts = new Set<Verdict>(hits.map(verdictOfHit));
  return VERDICTS.find((verdict) => verdicts.has(verdict)) ?? 'unknown';
}

/** The state of an object at a moment. Revocation counts before expiry. */
export function stateOf(
  { revoked, validUntil }: { readonly revoked: boolean; readonly validUntil: Date | null },
  now: Date,
): State {
  if (revoked) return 'revoked';
  return validUntil !== null && validUntil <= now ? 'expired' : 'active';
}
