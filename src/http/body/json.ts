/** The value of a JSON text, built only after what it holds was counted. */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { inSlices } from '../../concurrency/slices.ts';
import { splitObjects, WHOLE_MAX } from '../../stix/bundle/split.ts';
import { parseWhole, readSplit } from '../../stix/bundle/text.ts';
import { JsonFault } from '../../stix/json/fault.ts';
import { parseJson, valuesMaxOf, withoutMark } from '../../stix/json/read.ts';
import { sourceOf } from '../edge/fairness.ts';
import { accountOf, type Reading } from './read.ts';

/** Values in lists and objects of one JSON document with many objects. */
const OBJECTS_VALUES_MAX = 5_000_000;
/** What a value takes besides its text, about. */
const VALUE_BYTES = 48;

/** The value of a small JSON document. Throws JsonFault. */
export async function parseDocument(
  services: Reading,
  request: FastifyRequest,
  text: string,
): Promise<unknown> {
  const valuesMax = valuesMaxOf(text.length);
  await accountOf(services, request).take(costOf(text, valuesMax));
  return parseJson(text, valuesMax);
}

/** The value of a JSON document with many objects in `objects`. Throws JsonFault, or Problem with the limit. */
export async function parseObjects(
  services: Reading,
  request: FastifyRequest,
  text: string,
): Promise<unknown> {
  const account = accountOf(services, request);
  const objectsMax = services.limits.bundleObjectsMax;
  const limits = { objectsMax, valuesMax: OBJECTS_VALUES_MAX };
  try {
    const body = withoutMark(text);
    const split = await inSlices(sourceOf(request), splitObjects(body, limits));
    const valuesMax = valuesMaxOf(body.length);
    await account.take(costOf(body, split?.values ?? valuesMax));
    if (split === undefined) return parseWhole(body, valuesMax);
    return await inSlices(sourceOf(request), readSplit(split));
  } catch (fault) {
    throw withLimit(fault, { ...limits, limit_bytes: WHOLE_MAX });
  }
}

/** Memory that a text takes once it is read: its strings, and what is around each value. */
function costOf({ length }: string, values: number): number {
  return 2 * length + Math.min(values, length) * VALUE_BYTES;
}

/** Says which limit it was. */
function withLimit(
  fault: unknown,
  limits: { objectsMax: number; valuesMax: number; limit_bytes: number },
): unknown {
  if (!(fault instanceof JsonFault)) return fault;
  const extras: Record<string, Record<string, number>> = {
    bundle_too_large: { limit: limits.objectsMax },
    too_many_values: { limit: fault.limit ?? limits.valuesMax },
    body_too_large: { limit_bytes: limits.limit_bytes },
  };
  const extra = extras[fault.code];
  if (extra === undefined) return fault;
  const advice =
    fault.code === 'bundle_too_large' ? '. The operator can raise TOCSIN_BUNDLE_OBJECTS_MAX.' : '';
  const detail = `${fault.detail}${advice}`;
  return new Problem(fault.code, detail, { path: fault.path, extra, cause: fault });
}
