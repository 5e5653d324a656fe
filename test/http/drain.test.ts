import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainAtClose } from '../../src/http/drain.ts';

describe('a server that stops', () => {
  let app: FastifyInstance;
  let port: number;
  let arrived: Promise<unknown>;
  let finish: () => void;

  beforeEach(async () => {
    app = fastify({ forceCloseConnections: 'idle' });
    drainAtClose(app);
    const finished = new Promise<void>((done) => (finish = done));
    arrived = new Promise((done) => {
      app.get('/', async () => {
        done(undefined);
        await finished;
        return 'whole';
      });
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    ({ port } = app.server.address() as AddressInfo);
  });
  afterEach(() => app.close());

  it('does not wait for a connection on which nothing was asked', async () => {
    const accepted = once(app.server, 'connection');
    const socket = connect(port, '127.0.0.1');
    await Promise.all([once(socket, 'connect'), accepted]);
    const closed = once(socket, 'close');
    await app.close();
    await closed;
  });

  it('finishes a request under way, and then lets its connection go', async () => {
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await arrived;
    const closed = app.close();
    finish();
    expect(await (await answer).text()).toBe('whole');
    await closed;
  });
});
