/** What Node answers by itself before any handler, bare and untold: here it is refused like the rest. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';

export function rejectNonstandard(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response);
  });
  app.addHook('onRequest', async (request) => {
    refuseTarget(request);
    refuseNoHost(request);
    refuseExpectation(request);
  });
}

/**
 * RFC 9112 §3.2: a path, or the whole URL. The router takes anything else for the home page. Only
 * OPTIONS may have an asterisk, which stands for the server and not for a path of it.
 */
function refuseTarget({ raw: { method, url = '' } }: FastifyRequest): void {
  if (/^(\/|https?:\/\/[^/?#])/i.test(url) || (method === 'OPTIONS' && url === '*')) return;
  throw new Problem('invalid_request', 'The request target must be a path that begins with "/"', {
    path: 'url',
  });
}

/** RFC 9112 §3.2. The server itself is created so that Node lets it through. */
function refuseNoHost({ raw, headers }: FastifyRequest): void {
  if (raw.httpVersion !== '1.1' || headers.host !== undefined) return;
  throw new Problem('invalid_request', 'A request of HTTP/1.1 must have a Host header', {
    path: 'host',
  });
}

/** RFC 9110 §10.1.1 knows one expectation, which Node meets. */
function refuseExpectation({ headers }: FastifyRequest): void {
  const { expect } = headers;
  if (expect === undefined || /^\s*100-continue\s*$/i.test(expect)) return;
  throw new Problem('expectation_failed', 'The server supports only the expectation 100-continue', {
    path: 'expect',
  });
}
