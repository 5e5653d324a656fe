/**
 * The key that a request carries, in any of the ways in which clients of this field send one:
 * `Authorization: Bearer <key>`, `Token <key>`, Basic with the key as password, or the bare key
 * (as MISP's clients do), and `X-API-Key`. Scheme names in any case (RFC 9110 §11.1).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import type { Presented } from '../../access/authenticate.ts';
import { clientAddress } from '../edge/client.ts';

/** What a request presents: its key, and the address of the client. Throws as presentedKey. */
export function presented(request: FastifyRequest): Presented {
  return { key: presentedKey(request.headers), address: clientAddress(request) };
}

/** The key's text. Throws Problem key_missing, or key_invalid for a scheme that is not known. */
function presentedKey(headers: IncomingHttpHeaders): string {
  // An empty header says nothing: some clients send one beside X-API-Key.
  const header = headers.authorization?.trim() ?? '';
  if (header === '') return apiKey(headers);
  const space = header.indexOf(' ');
  if (space < 0) return header;
  const scheme = header.slice(0, space).toLowerCase();
  const rest = header.slice(space + 1).trim();
  if (scheme === 'bearer' || scheme === 'token') return rest;
  if (scheme === 'basic') return basicPassword(rest);
  throw new Problem(
    'key_invalid',
    'Send the key with the scheme Bearer, Token or Basic, or without a scheme',
  );
}

function apiKey({ 'x-api-key': given }: IncomingHttpHeaders): string {
  const key = typeof given === 'string' ? given.trim() : '';
  if (key !== '') return key;
  throw new Problem('key_missing', 'Send your key as `Authorization: Bearer <key>`');
}

/** RFC 7617 §2: everything after the first colon is the password. */
function basicPassword(encoded: string): string {
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) throw new Problem('key_invalid', 'Basic takes `user:key` in base64');
  return pair.slice(colon + 1);
}
