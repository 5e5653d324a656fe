/** Requests from other addresses of this machine: on Linux all of 127.0.0.0/8 is loopback. */
import { Agent, request } from 'node:http';

export interface Answered {
  readonly status: number;
  readonly body: { readonly code?: string };
  readonly retryAfter: string | undefined;
  readonly cookies: readonly string[];
}

/** POSTs JSON from `localAddress`, each request on a connection of its own. */
export function postFrom(
  localAddress: string,
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ localAddress });
    const all = { 'content-type': 'application/json', ...headers };
    const sent = request(url, { method: 'POST', agent, headers: all }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        agent.destroy();
        const text = Buffer.concat(parts).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          body: text === '' ? {} : (JSON.parse(text) as Answered['body']),
          retryAfter: response.headers['retry-after'],
          cookies: response.headers['set-cookie'] ?? [],
        });
      });
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}
