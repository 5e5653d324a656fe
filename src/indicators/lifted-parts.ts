/** What was taken out of an object is shared with it, no more widely than it, or not at all. Pure. */
import { tlpRank } from '../stix/marking/tlp.ts';
import type { Candidate, Rejection } from './examine.ts';

interface Examined {
  readonly candidates: readonly Candidate[];
  readonly rejections: readonly Rejection[];
}

/**
 * Parts whose container is not among the candidates join the rejections; the others are marked at
 * least as strictly as every container of the request that holds them.
 */
export function bindParts({ candidates, rejections }: Examined): Examined {
  const parts = candidates.filter((one) => one.isPart === true);
  if (parts.length === 0) return { candidates, rejections };
  const containers = new Map<number, Candidate>();
  for (const one of candidates) if (one.isPart !== true) containers.set(one.index, one);
  const strictest = strictestRanks(parts, containers);
  const bound: Candidate[] = [];
  const rejected: Rejection[] = [...rejections];
  for (const one of candidates) {
    const { isPart, index, stixId: id, tlp } = one;
    if (isPart !== true) bound.push(one);
    else if (containers.has(index)) bound.push({ ...one, tlp: strictest.get(id) ?? tlp });
    else rejected.push({ index, id, ...containerRejected() });
  }
  return { candidates: bound, rejections: rejected };
}

/** By the id of a part, the strictest rank of it and of the containers that hold it. */
function strictestRanks(
  parts: readonly Candidate[],
  containers: ReadonlyMap<number, Candidate>,
): Map<string, number> {
  const strictest = new Map<string, number>();
  for (const { index, stixId, tlp } of parts) {
    const container = containers.get(index)?.tlp ?? tlpRank('clear');
    strictest.set(stixId, Math.max(tlp, container, strictest.get(stixId) ?? 0));
  }
  return strictest;
}

/** Why a part is rejected whose container is. */
export function containerRejected(): Pick<Rejection, 'code' | 'path' | 'detail'> {
  return {
    code: 'container_rejected',
    path: '$',
    detail:
      'The observed-data object that contains this observable was rejected. Correct that object',
  };
}
