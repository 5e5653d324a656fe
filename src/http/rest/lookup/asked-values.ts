/** The values of a request, whatever the form of its body. */
import type { FastifyRequest } from 'fastify';
import { createPace } from '../../../concurrency/slices.ts';
import { Problem } from '../../../errors.ts';
import { parsed } from '../../../schema-issues.ts';
import { JsonFault } from '../../../stix/json/fault.ts';
import { parseJson } from '../../../stix/json/read.ts';
import type { AskedValue } from '../../../stix/lookup/understand.ts';
import { isNdjson } from '../../body/media-type.ts';
import type { LinesBody } from '../../body/read.ts';
import { textLines } from '../../body/text-lines.ts';
import { sourceOf } from '../../edge/fairness.ts';
import { LookupBody, LookupLine } from '../schemas/lookup.ts';

/** More than the longest value that can be looked up needs, however it is escaped. */
const LINE_BYTES_MAX = 64 * 1024;

/** The values of a JSON document. Throws Problem invalid_request. */
export function valuesOfDocument(request: FastifyRequest): AskedValue[] {
  const result = parsed(LookupBody, request.body, { subject: 'The body', entry: 'member' });
  if (result.ok) return result.value.values.map(toAsked);
  const [{ path, detail } = { path: '', detail: 'The body is not valid.' }] = result.issues;
  const where = path === '' ? 'body' : `body.${path}`;
  throw new Problem('invalid_request', detail, { path: where });
}

/** The values of a body with one a line, as they come. */
export async function* valuesOfLines(request: FastifyRequest): AsyncGenerator<AskedValue> {
  const read = isNdjson(request) ? ofJsonLine : ofTextLine;
  const lines = textLines(request.body as LinesBody, {
    bytesMax: LINE_BYTES_MAX,
    pace: createPace(sourceOf(request)),
  });
  for await (const { text, isTooLong } of lines) {
    if (text !== undefined) yield read(text);
    else if (isTooLong)
      yield faulty('value_too_long', `The line has more than ${LINE_BYTES_MAX} bytes`);
    else yield faulty('invalid_json', 'The line is not UTF-8');
  }
}

function ofTextLine(text: string): AskedValue {
  return { value: text };
}

function ofJsonLine(text: string): AskedValue {
  try {
    const result = LookupLine.safeParse(parseJson(text, VALUES_MAX));
    if (result.success) return toAsked(result.data);
    return faulty(
      'invalid_request',
      'A line is a string, or an object with `value` and `type`',
      text,
    );
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    return faulty(fault.code, fault.detail, text);
  }
}

/** Values within one line. */
const VALUES_MAX = 10;

function faulty(code: string, detail: string, value = ''): AskedValue {
  return { value, fault: { code, detail } };
}

function toAsked(given: string | AskedValue): AskedValue {
  return typeof given === 'string' ? { value: given } : given;
}
