import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SlowRequest {
  /** Sends more of the body. */
  send(part: string): Promise<void>;
  /** Sends the rest, and resolves to the answer. */
  finish(rest?: string): Promise<SlowAnswer>;
}

export interface SlowAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A request to the REST door whose body comes as the test lets it. */
export function slowRequest(
  server: string,
  {
    method,
    path,
    key,
    type = 'application/json',
  }: Readonly<Record<'method' | 'path' | 'key', string>> & {
    readonly type?: string;
  },
): SlowRequest {
  const sent = request(`${server}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  // `finish` awaits it, and reports a server that is gone by then.
  answered.catch(() => undefined);
  sent.flushHeaders();
  return {
    send: async (part) => {
      if (!sent.write(part)) await Promise.race([once(sent, 'drain'), answered]);
    },
    finish: async (rest = '') => {
      sent.end(rest);
      const [response] = await answered;
      const body = await text(response);
      return {
        status: response.statusCode ?? 0,
        body: body === '' ? {} : (JSON.parse(body) as SlowAnswer['body']),
      };
    },
  };
}
