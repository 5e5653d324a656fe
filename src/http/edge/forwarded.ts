/** The addresses of a request's earlier hops, as `X-Forwarded-For` and `Forwarded` (RFC 7239) name them. */
import { isIP } from 'node:net';

/** The header in which the trusted proxies append the address of their client. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** More hops than this are not read. */
const HOPS_MAX = 32;

/**
 * The addresses that a header lists, the newest (right-most) first. An element that is not an
 * address, such as `unknown` or `_hidden` (RFC 7239 §6), is undefined.
 */
export function forwardedAddresses(
  header: ForwardedHeader,
  value: string,
): readonly (string | undefined)[] {
  const elements = header === 'forwarded' ? forwardedNodes(value) : value.split(',');
  return elements
    .slice(-HOPS_MAX)
    .toReversed()
    .map((element) => addressOf(element.trim()));
}

/** The last scheme that a trusted proxy names: `proto` of the newest element, or the header's last. */
export function forwardedScheme(header: ForwardedHeader, value: string): string | undefined {
  const elements = header === 'forwarded' ? splitOutsideQuotes(value, ',') : value.split(',');
  const last = elements.at(-1)?.trim() ?? '';
  const scheme = header === 'forwarded' ? parameter(last, 'proto') : last;
  return scheme?.toLowerCase();
}

function forwardedNodes(value: string): string[] {
  return splitOutsideQuotes(value, ',').map((element) => parameter(element, 'for') ?? '');
}

/** The value of one `name=value` pair of a forwarded-element (RFC 7239 §4), without its quotes. */
function parameter(element: string, name: string): string | undefined {
  for (const pair of splitOutsideQuotes(element, ';')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals).trim().toLowerCase() !== name) continue;
    const text = pair.slice(equals + 1).trim();
    return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/gu, '$1') : text;
  }
  return undefined;
}

/**
 * Where a quotation mark is left open, every separator counts: a client could otherwise swallow what
 * the proxy appends to its header.
 */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return quoted ? text.split(separator) : [...parts, text.slice(from)];
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function addressOf(node: string): string | undefined {
  const bare = /^\[(.*)\](?::\d+)?$/u.exec(node)?.[1] ?? node.replace(/^([\d.]+):\d+$/u, '$1');
  return isIP(bare) === 0 || bare.includes('%') ? undefined : bare;
}
