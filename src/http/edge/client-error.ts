/**
 * What is wrong before there is a request: an HTTP that cannot be read, headers that are too long or
 * do not come to an end. Node gives a bare socket, so the answer is written by hand.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Problem } from '../../errors.ts';
import type { Services } from '../context.ts';
import { problemBody } from '../errors/problem-json.ts';
import { HSTS, SECURITY_HEADERS } from './security-headers.ts';
import { logUnreadable } from './wide-line.ts';

type Handler = (error: NodeJS.ErrnoException, socket: Socket) => void;

/** Fastify's clientErrorHandler. The error may hold the start of the request, so it is not logged. */
export function answerClientErrors(services: Services): Handler {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const requestId = randomUUID();
    const problem = toProblem(error.code);
    const body = problemBody(problem, requestId);
    const status = Number(body['status']);
    logUnreadable(services, socket, { requestId, status, problem: problem.code });
    answer(socket, { status, text: JSON.stringify(body), isHttps: isHttps(services, socket) });
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly isHttps: boolean;
}

function answer(socket: Socket, { status, text, isHttps }: Answer): void {
  const headers = {
    'content-length': Buffer.byteLength(text),
    'content-type': 'application/problem+json; charset=utf-8',
    connection: 'close',
    ...SECURITY_HEADERS,
    ...(isHttps ? HSTS : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  if (socket.writable) socket.write(`${first}${lines.join('')}\r\n${text}`);
  socket.destroySoon();
}

/** What a proxy says of its client cannot be read here. */
function isHttps({ publicUrl }: Services, socket: Socket): boolean {
  return socket instanceof TLSSocket || publicUrl?.startsWith('https:') === true;
}

function toProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const detail =
      'URL and headers together may have 16 KiB. Name a long list in the URL, such as an audience of ' +
      'many organisations, by a sharing group';
    return new Problem('headers_too_large', detail, { extra: { limit_bytes: 16_384 } });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request_timeout', 'The headers were not complete in time');
  }
  return new Problem('invalid_request', 'The request is not valid HTTP/1.1');
}
