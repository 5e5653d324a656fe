/** The bodies of the REST door: JSON as STIX needs it, and one object a line. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asSentence, Problem } from '../../../errors.ts';
import { XML_REFUSAL } from '../../../stix/json/exact.ts';
import { JsonFault } from '../../../stix/json/fault.ts';
import { holdsLines } from '../../../stix/json/lines.ts';
import { parseDocument, parseObjects } from '../../body/json.ts';
import {
  isCsv,
  JSON_TYPE,
  NDJSON_TYPE,
  refuseParameters,
  TEXT_TYPE,
} from '../../body/media-type.ts';
import { openBody, textOf, type Reading } from '../../body/read.ts';
import { bodySchemaOf, mayBeLeftOut } from '../../validation/left-out.ts';
import { kindOf, limitBody } from './kinds.ts';
import { unsupportedType } from './problems.ts';

/** Takes the bodies of the routes in this scope, each of its kind. */
export function takeBodies(scope: FastifyInstance, services: Reading): void {
  scope.addHook('onRoute', (route) => limitBody(route, services.limits));
  scope.addContentTypeParser(JSON_TYPE, async (request: FastifyRequest) => {
    refuseParameters(request);
    return parse(services, request, await textOf(services, request));
  });
  scope.addContentTypeParser(NDJSON_TYPE, async (request: FastifyRequest) => {
    refuseParameters(request);
    refuseLines(request);
    return openBody(services, request);
  });
  scope.addContentTypeParser(TEXT_TYPE, async (request: FastifyRequest) => {
    refuseText(request);
    refuseParameters(request);
    return openBody(services, request);
  });
  scope.addContentTypeParser(
    /^(?:application|text)\/(?:[\w.+-]{1,60}\+)?xml\s*(;|$)/,
    async (request: FastifyRequest) => Promise.reject(refusalOfXml(request)),
  );
}

async function parse(services: Reading, request: FastifyRequest, text: string): Promise<unknown> {
  if (text.trim() === '') {
    if (needsNone(request)) return undefined;
    throw new Problem('body_missing', whatToSend(request));
  }
  const isBundle = kindOf(request.routeOptions.config) === 'bundle';
  try {
    return await (isBundle ? parseObjects : parseDocument)(services, request, text);
  } catch (fault) {
    throw hintAtLines(fault, request, text);
  }
}

/** Whether the route needs no body, though the request names a content type. */
function needsNone({ routeOptions }: FastifyRequest): boolean {
  const schema = bodySchemaOf(routeOptions.schema);
  return schema !== undefined && mayBeLeftOut(schema);
}

function whatToSend({ routeOptions }: FastifyRequest): string {
  const kind = kindOf(routeOptions.config);
  if (kind === 'bundle') return 'Send a STIX bundle or object as the body';
  if (kind === 'values') return 'Send values as the body';
  return kind === 'object' ? 'Send one STIX object as the body' : 'Send a JSON object as the body';
}

function refuseLines({ routeOptions: { config } }: FastifyRequest): void {
  if (Object.hasOwn(config.takes ?? {}, 'application/x-ndjson')) return;
  throw unsupportedType(config, LINES_ELSEWHERE);
}

function refuseText(request: FastifyRequest): void {
  const { config } = request.routeOptions;
  if (Object.hasOwn(config.takes ?? {}, isCsv(request) ? 'text/csv' : 'text/plain')) return;
  throw unsupportedType(config);
}

const LINES_ELSEWHERE = ' Send many objects, one a line, to /api/v1/bundles.';

/** Where STIX is taken the body may be STIX 1.x: the problem says how to convert it. */
function refusalOfXml({ routeOptions: { config } }: FastifyRequest): Problem {
  const takesStix = ['bundle', 'object'].includes(kindOf(config));
  return unsupportedType(config, takesStix ? ` ${capitalised(XML_REFUSAL)}.` : '');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is wrong with many lines is, for many of them, that they hold too much for one document. */
const HINTED: ReadonlySet<string> = new Set(['invalid_json', 'too_many_values']);

/** Objects on lines of their own do not form a JSON document; many clients send them as one. */
function hintAtLines(fault: unknown, { routeOptions: { config } }: FastifyRequest, text: string) {
  if (!(fault instanceof JsonFault || fault instanceof Problem) || !HINTED.has(fault.code)) {
    return fault;
  }
  if (!['bundle', 'object'].includes(kindOf(config)) || !holdsLines(text)) return fault;
  const where = kindOf(config) === 'bundle' ? '' : ' to /api/v1/bundles';
  const hint = `These are several objects, one a line: send them as application/x-ndjson${where}.`;
  if (!(fault instanceof JsonFault) || fault.code !== 'invalid_json') {
    const detail = `The body is not one JSON document. ${hint}`;
    return new Problem('invalid_json', detail, { path: '$', cause: fault });
  }
  const { code, path, detail } = fault;
  return new Problem(code, `${asSentence(detail)} ${hint}`, { path, cause: fault });
}
