/** A receiver of webhooks on loopback: it stores what arrives, and answers as configured. */
import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { receiveHttp } from '../egress/receiver.ts';
import type { Context } from './actors.ts';
import type { PostedObject } from './builders.ts';

export interface Delivery {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly objects: PostedObject[];
  /** What stands beside each of them. */
  readonly contexts: Context[];
  /** The definitions that the server adds to the bundle. */
  readonly definitions: PostedObject[];
  readonly withdrawn: string[];
  readonly atMs: number;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Resolves when the answer may be sent. */
  readonly after?: Promise<unknown>;
}

export interface Webhooks {
  readonly url: string;
  /** Everything that came, the oldest first. */
  readonly deliveries: Delivery[];
  /** What is answered from now on; 204 unless told otherwise. */
  answers(reply: (delivery: Delivery) => Reply): void;
  /** Resolves with the deliveries under a path as soon as they satisfy. */
  until(path: string, satisfied: (deliveries: Delivery[]) => boolean): Promise<Delivery[]>;
  /** Calls `listener` with what comes under a path, until told to stop. */
  hears(path: string, listener: (delivery: Delivery) => void): () => void;
  close(): Promise<void>;
}

export async function receiveWebhooks(): Promise<Webhooks> {
  const deliveries: Delivery[] = [];
  const arrivals = new EventEmitter().setMaxListeners(100);
  let answer: (delivery: Delivery) => Reply = () => ({});
  const receiver = await receiveHttp((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const delivery = readDelivery(request.url ?? '', request.headers, body.toString('utf8'));
      deliveries.push(delivery);
      const { status = 204, headers = {}, body: text = '', after } = answer(delivery);
      arrivals.emit('arrival', delivery);
      await after;
      response.writeHead(status, headers).end(text);
    })();
  });
  return {
    url: receiver.url.replace(/\/$/, ''),
    deliveries,
    answers: (reply) => {
      answer = reply;
    },
    until: async (path, satisfied) => {
      for (;;) {
        const come = deliveries.filter((delivery) => delivery.path === path);
        if (satisfied(come)) return come;
        await once(arrivals, 'arrival');
      }
    },
    hears: (path, listener) => {
      const hear = (delivery: Delivery): void => {
        if (delivery.path === path) listener(delivery);
      };
      arrivals.on('arrival', hear);
      return () => arrivals.off('arrival', hear);
    },
    close: receiver.close,
  };
}

function readDelivery(path: string, headers: IncomingHttpHeaders, text: string): Delivery {
  const { data } = JSON.parse(text) as {
    data: { bundle?: { objects: PostedObject[] }; context?: Context[]; withdrawn?: string[] };
  };
  const { bundle, context: contexts = [], withdrawn = [] } = data;
  const objects = bundle?.objects ?? [];
  return {
    path,
    headers,
    text,
    objects: objects.slice(0, contexts.length),
    contexts,
    definitions: objects.slice(contexts.length),
    withdrawn,
    atMs: performance.now(),
  };
}
