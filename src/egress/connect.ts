/** Opens connections to vetted addresses and to nothing else: vetting and connecting are one step, for every connection. */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { callbackify } from 'node:util';
import type { buildConnector } from 'undici';
import { codeOf, EgressError } from './failure.ts';
import { InterimFilter, skipInterims } from './interim.ts';
import { isRefusal, type Policy, type Target } from './policy.ts';

/** Opening a connection (name, TCP and TLS together) that takes longer is given up. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long one address is tried before the next one is tried beside it (RFC 8305). */
const ADDRESS_ATTEMPT_MS = 1_000;

export interface Connector {
  /** For a client that opens one connection at a time. */
  connect: buildConnector.connector;
  /** Gives up the connection that is being opened, and every later one. */
  cancel: (error: Error) => void;
  /** To be called before each request. */
  expectAnswer: () => void;
  /** Whether any connection so far could lead to a range that the operator opened. */
  isInside: () => boolean;
}

export function createConnector(policy: Policy): Connector {
  const givenUp = Promise.withResolvers<never>();
  // Raced against below, and nobody's failure where nothing is being opened.
  givenUp.promise.catch(() => {});
  let inside = false;
  const interims = new InterimFilter();

  async function open(target: Target): Promise<Socket> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(tooLate()), CONNECT_TIMEOUT_MS);
    const within = <T>(step: Promise<T>) => Promise.race([step, late.promise, givenUp.promise]);
    let socket: Socket | undefined;
    try {
      const addresses = await within(policy.vet(target));
      if (isRefusal(addresses)) throw new EgressError(addresses.code, addresses.detail);
      // Before anything is sent, so that no answer can come first.
      if (addresses.some((address) => policy.isInside(address))) inside = true;
      socket = dial(target, addresses);
      await within(reached(socket, target));
      skipInterims(socket, interims);
      return socket;
    } catch (error) {
      socket?.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  const openThen = callbackify(open);
  return {
    connect({ hostname, protocol, port }, callback) {
      openThen({ scheme: protocol, hostname, port: portOf(protocol, port) }, (error, socket) =>
        error === null ? callback(null, socket) : callback(error, null),
      );
    },
    cancel: givenUp.reject,
    expectAnswer: () => interims.expectAnswer(),
    isInside: () => inside,
  };
}

function dial({ scheme, hostname, port }: Target, addresses: readonly string[]): Socket {
  const options = {
    host: hostname,
    port,
    lookup: pinned(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    noDelay: true,
  };
  if (scheme !== 'https:') return connectTcp(options);
  // A literal has no server name (RFC 6066 §3); its certificate is checked against `host`.
  const servername = isIP(hostname) === 0 ? hostname : '';
  return connectTls({ ...options, servername, ALPNProtocols: ['http/1.1'] });
}

/** Resolves when the first byte of a request could be sent. */
function reached(socket: Socket, { scheme }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once(scheme === 'https:' ? 'secureConnect' : 'connect', () => resolve());
    // Stays for the life of the socket: one that dies twice must not bring the process down.
    socket.on('error', (error) => reject(explain(error, isConnected)));
  });
}

/** Answers with what was vetted a moment ago, so that no second answer of a name server can slip in. */
function pinned(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, _options, callback) => callback(null, answers);
}

function explain(error: Error, isConnected: boolean): Error {
  const code = codeOf(error);
  if (!isConnected) {
    return code === 'ETIMEDOUT'
      ? tooLate()
      : new EgressError('egress_connect', `Cannot connect to the receiver (${code})`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') return error;
  return new EgressError(
    'egress_tls',
    `The receiver’s TLS or certificate is not accepted (${code})`,
  );
}

function tooLate(): EgressError {
  return new EgressError('egress_timeout', 'The receiver could not be reached in time');
}

function portOf(protocol: string, port: string): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
