/** Reads server-sent events (WHATWG HTML §9.2). */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Actor, Context } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
  /** Of an object, what came before it. */
  readonly context?: Context;
}

export interface Following {
  /** The next event, whatever it is; undefined when the stream has ended. */
  next(): Promise<StreamEvent | undefined>;
  /** The events up to and with the first that satisfies. */
  until(satisfied: (event: StreamEvent) => boolean): Promise<StreamEvent[]>;
  close(): Promise<void>;
}

interface FollowOptions {
  readonly after?: string;
  readonly lastEventId?: string;
  readonly current?: boolean;
  readonly asPosted?: boolean;
}

export async function follow(
  { url }: Tocsin,
  { key }: Actor,
  { after, lastEventId, current, asPosted }: FollowOptions = {},
): Promise<Following> {
  const query = new URLSearchParams({
    ...(after === undefined ? {} : { after }),
    ...(current === undefined ? {} : { current: String(current) }),
    ...(asPosted === undefined ? {} : { as_posted: String(asPosted) }),
  });
  // A connection of its own: fetch ends streams now and then when hundreds of others are aborted.
  const request = get(`${url}/api/v1/stream?${query.toString()}`, {
    agent: false,
    headers: {
      'x-api-key': key,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    throw new Error(`No stream: ${response.statusCode} ${await text(response)}`);
  }
  const events = read(response);
  const next = async () => (await events.next()).value ?? undefined;
  return {
    next,
    until: async (satisfied) => {
      const seen: StreamEvent[] = [];
      for (;;) {
        const event = await next();
        if (event === undefined) throw new Error(`The stream ended: ${JSON.stringify(seen)}`);
        seen.push(event);
        if (satisfied(event)) return seen;
      }
    },
    close: async () => {
      request.destroy();
      await events.return(undefined).catch(() => undefined);
    },
  };
}

async function* read(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, undefined> {
  const decoder = new TextDecoder();
  let unread = '';
  let id = '';
  let context: Context | undefined;
  for await (const chunk of body) {
    unread += decoder.decode(chunk, { stream: true });
    for (let end = unread.indexOf('\n\n'); end >= 0; end = unread.indexOf('\n\n')) {
      const fields = readFields(unread.slice(0, end));
      unread = unread.slice(end + 2);
      id = fields.get('id') ?? id;
      const data = fields.get('data');
      const parsed: unknown = data === undefined ? null : JSON.parse(data);
      // Without data it only moves the id on.
      const event = data === undefined ? 'place' : (fields.get('event') ?? 'message');
      if (event === 'context') context = parsed as Context;
      else yield { event, id, data: parsed, ...(event === 'object' && context ? { context } : {}) };
    }
  }
  return undefined;
}

function readFields(block: string): Map<string, string> {
  const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    }),
  );
}
