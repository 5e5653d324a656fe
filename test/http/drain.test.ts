import { once } from 'node:events';
import { get as getPlain } from 'node:http';
import { get as getByTls } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainAtClose } from '../../src/http/edge/drain.ts';
import { createServerFactory } from '../../src/http/edge/server.ts';
import { createCertificate } from '../egress/certificate.ts';

const certificate = createCertificate('localhost');
const source = { current: certificate, onRenewed: () => undefined };

/** A client of either server: resolves to the text of its answer. */
function answerOf(port: number, isTls: boolean): Promise<string> {
  const options = { host: '127.0.0.1', port, servername: 'localhost', ca: certificate.cert };
  return new Promise((resolve, reject) => {
    const asked = (isTls ? getByTls : getPlain)(options, (response) => resolve(text(response)));
    asked.once('error', reject);
  });
}

describe.each([
  ['a server that stops', false],
  ['a server with TLS that stops', true],
])('%s', (_, isTls) => {
  let app: FastifyInstance;
  let port: number;
  let arrived: Promise<unknown>;
  let finish: () => void;

  beforeEach(async () => {
    app = fastify({
      forceCloseConnections: 'idle',
      ...(isTls && { serverFactory: createServerFactory({ certificate: source }) }),
    });
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
    const accepted = once(app.server, isTls ? 'secureConnection' : 'connection');
    const socket = isTls
      ? connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: certificate.cert })
      : connect(port, '127.0.0.1');
    await Promise.all([once(socket, isTls ? 'secureConnect' : 'connect'), accepted]);
    const closed = once(socket, 'close');
    await app.close();
    await closed;
  });

  it('finishes a request under way, and then lets its connection go', async () => {
    const answer = answerOf(port, isTls);
    await arrived;
    const closed = app.close();
    // By then it has closed what it would not wait for.
    await expect.poll(() => app.server.listening).toBe(false);
    finish();
    expect(await answer).toBe('whole');
    await closed;
  });
});
