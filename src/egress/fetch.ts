/** The guarded way out in the shape of `fetch`, for libraries that send requests by themselves. */
import type { Egress } from './egress.ts';
import type { Exchange } from './exchange.ts';

/** What such a library asks for; redirects are not followed, whatever it wishes. */
export interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const METHODS = ['GET', 'HEAD', 'POST'] as const satisfies readonly Exchange['method'][];

/** Rejects, as `fetch` does, when no whole answer comes within the time and the bytes given. */
export function egressFetch(
  egress: Egress,
  limits: { readonly timeoutMs: number; readonly maxResponseBytes: number },
): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method: wished, headers, body }) => {
    const method = METHODS.find((name) => name === wished.toUpperCase());
    if (method === undefined) throw new Error(`No ${wished} is sent`);
    const sent = body === undefined || body === null ? {} : { body: textOf(body) };
    const outcome = await egress.request({ method, url, headers, ...sent, ...limits });
    if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
    if (outcome.truncated) throw new Error('The answer is longer than the limit');
    const given = Object.entries(outcome.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    );
    const hasBody = outcome.body.length > 0;
    return new Response(hasBody ? new Uint8Array(outcome.body) : null, {
      status: outcome.status,
      headers: given,
    });
  };
}

function textOf(body: unknown): string | Buffer {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof Uint8Array) return Buffer.from(body);
  throw new Error('Only texts, forms and bytes are sent');
}
