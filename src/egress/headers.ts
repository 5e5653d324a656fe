/** Request headers that a member may have written: none may change where a request ends or whom it is for. */
import type { EgressRefusal } from './failure.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
// RFC 9110 §5.5: visible characters, spaces and tabs; a line break would begin a header of its own.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;
const OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why these headers cannot be sent (`egress_header`), or undefined where they can. */
export function refuseHeaders(
  headers: Readonly<Record<string, string>>,
): EgressRefusal | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return refusal('A header name holds characters that it must not');
    if (OURS.has(name.toLowerCase())) return refusal(`The header ${name} cannot be set`);
    if (!VALUE.test(value)) return refusal(`The header ${name} holds characters that it must not`);
  }
  return undefined;
}

function refusal(detail: string): EgressRefusal {
  return { code: 'egress_header', detail };
}
