/** The bodies of the REST door: JSON as STIX needs it, and one object a line. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../../errors.ts';
import { XML_REFUSAL } from '../../../stix/json/exact.ts';
import { parseDocument, parseObjects } from '../../body/json.ts';
import { JSON_TYPE, NDJSON_TYPE, refuseParameters } from '../../body/media-type.ts';
import { openBody, textOf, type Reading } from '../../body/read.ts';
import { bodySchemaOf, mayBeLeftOut } from '../../validation/left-out.ts';
import { kindOf, limitBody } from './kinds.ts';

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
  return (isBundle ? parseObjects : parseDocument)(services, request, text);
}

/** Whether the route needs no body, though the request names a content type. */
function needsNone({ routeOptions }: FastifyRequest): boolean {
  const schema = bodySchemaOf(routeOptions.schema);
  return schema !== undefined && mayBeLeftOut(schema);
}

function whatToSend({ routeOptions }: FastifyRequest): string {
  const takesStix = routeOptions.config.takes !== undefined;
  return takesStix ? 'Send a STIX bundle or object as the body' : 'Send a JSON object as the body';
}

function refuseLines({ routeOptions }: FastifyRequest): void {
  if (kindOf(routeOptions.config) === 'bundle') return;
  throw new Problem('content_type_unsupported', 'Send many objects to /api/v1/bundles', {
    path: 'content-type',
  });
}

/** Where bundles are taken it may be STIX 1.x: who has that is told what to do with it. */
function refusalOfXml({ routeOptions }: FastifyRequest): Problem {
  const detail = kindOf(routeOptions.config) === 'bundle' ? XML_REFUSAL : 'Send JSON';
  return new Problem('content_type_unsupported', detail, { path: 'content-type' });
}
