/** Which hashes in a pattern are of one file: STIX 2.1 section 9, and section 6.7 for `hashes`. */
import { hashAlgorithmName } from '../value/hash.ts';
import type { Comparison, Test } from './syntax.ts';

/**
 * Of comparisons that one AND or one OR joins, those that ask for hashes of one file: each for another
 * algorithm, of the same object. Where two ask for the same algorithm, the pattern lists several files, and
 * nothing tells which hashes belong together. Empty where there are not at least two.
 */
export function hashesOfOneFile(operands: readonly Comparison[]): Test[] {
  const tests = operands.map(unwrapped).filter((test) => test !== undefined);
  if (tests.length < 2) return [];
  const types = new Set(tests.map(({ path }) => path.objectType));
  const algorithms = new Set(tests.map(algorithmOf));
  return types.size === 1 && algorithms.size === tests.length ? tests : [];
}

/** A comparison for one hash, without the parentheses around it. */
function unwrapped(node: Comparison): Test | undefined {
  let inner = node;
  while (inner.kind === 'group') ({ inner } = inner);
  if (inner.kind !== 'test' || inner.negated || inner.literals.length !== 1) return undefined;
  if (inner.operator !== '=' && inner.operator !== '==') return undefined;
  return algorithmOf(inner) === undefined ? undefined : inner;
}

function algorithmOf({ path: { steps } }: Test): string | undefined {
  const [property, algorithm] = steps;
  if (steps.length !== 2 || property === undefined || algorithm === undefined) return undefined;
  if (!('key' in property) || property.key !== 'hashes' || !('key' in algorithm)) return undefined;
  return hashAlgorithmName(algorithm.key);
}
