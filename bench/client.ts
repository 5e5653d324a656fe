import { Client } from 'undici';

/** One connection to the server, with a key. */
export interface Connection {
  /** The answer's JSON; throws on a status that is not 2xx. */
  post(path: string, body: Buffer | string): Promise<unknown>;
  /** The answer's bytes; throws likewise. */
  getBytes(path: string): Promise<Buffer>;
  close(): Promise<void>;
}

export function connect(url: string, key: string): Connection {
  const client = new Client(url, { headersTimeout: 120_000, bodyTimeout: 120_000 });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = async (method: 'GET' | 'POST', path: string, body: Buffer | string | null) => {
    const answer = await client.request({ method, path, headers, body });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode < 300) return bytes;
    throw new Error(`${method} ${path}: ${answer.statusCode} ${bytes.toString().slice(0, 500)}`);
  };
  return {
    post: async (path, body) => JSON.parse((await request('POST', path, body)).toString()),
    getBytes: (path) => request('GET', path, null),
    close: () => client.close(),
  };
}

/** Takes from `items` with each worker until none is left; all workers at once. */
export async function share<T, W>(
  items: Iterable<T>,
  workers: readonly W[],
  work: (worker: W, item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  await Promise.all(
    workers.map(async (worker) => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) {
        await work(worker, next.value);
      }
    }),
  );
}
