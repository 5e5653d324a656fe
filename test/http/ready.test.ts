import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabaseUrl } from '../support/database.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** Stands before the database, and can let nothing through any more, as one that hangs does. */
class Gate {
  /** Connections that asked whether the server is ready, and are open. */
  asking = 0;
  askingMax = 0;
  #shut = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(database: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(database.port), database.hostname);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.on('data', (chunk) => void to.write(chunk));
        if (this.#shut && from === upstream) from.pause();
      }
      client.once('data', (chunk) => this.#note(client, chunk));
    });
  }

  #note(client: Socket, chunk: Buffer): void {
    if (!chunk.includes('application_name\0tocsin\0')) return;
    this.asking += 1;
    this.askingMax = Math.max(this.asking, this.askingMax);
    client.once('close', () => (this.asking -= 1));
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return (this.#server.address() as AddressInfo).port;
  }

  shut(): void {
    this.#shut = true;
    this.askingMax = 0;
    for (const socket of this.#sockets) socket.pause();
  }

  open(): void {
    this.#shut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

let gate: Gate;
let tocsin: Tocsin;

beforeAll(async () => {
  const url = new URL(await testDatabaseUrl());
  gate = new Gate(new URL(url));
  url.host = `127.0.0.1:${await gate.listen()}`;
  tocsin = await startTocsin({ databaseUrl: url.href });
});
afterAll(async () => {
  gate.open();
  await tocsin.close();
  gate.close();
});

it('a server whose database hangs says so, and asks it no second time meanwhile', async () => {
  const ask = async () => (await request(tocsin.url).get('/readyz')).status;
  expect(await ask()).toBe(200);
  gate.shut();
  const statuses: number[] = [];
  while (!statuses.includes(503)) {
    void ask().then((status) => statuses.push(status));
    await delay(200);
  }
  expect(gate.askingMax).toBe(1);
  gate.open();
  await expect.poll(ask).toBe(200);
});
