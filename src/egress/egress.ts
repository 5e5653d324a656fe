/** The one guarded way out: every outgoing request of the server goes through it. */
import { payloadOf } from './body.ts';
import { exchange, type EgressOutcome, type Exchange } from './exchange.ts';
import type { EgressFailure, EgressRefusal } from './failure.ts';
import { refuseHeaders } from './headers.ts';
import { createPolicy, isRefusal, targetOf, type Resolve } from './policy.ts';
import { Pools, type PoolLimits } from './pools.ts';
import { createResolve } from './resolve.ts';

const LIMITS: PoolLimits = {
  poolsMax: 1_000,
  connectionsPerPoolMax: 16,
  idleMs: 10_000,
  connectionAgeMsMax: 300_000,
  responseHeaderBytesMax: 16_384,
};
const RESPONSE_BYTES_MAX = 65_536;

export interface EgressOptions {
  /** CIDRs in which plain http, any port and private addresses are allowed; throws on one that is none. */
  allow: readonly string[];
  /** Another way to resolve names; for tests. */
  resolve?: Resolve;
  limits?: Partial<PoolLimits>;
}

export interface EgressRequest {
  method: Exchange['method'];
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Parts are sent one after another as one body. */
  body?: string | Buffer | readonly Buffer[];
  /** For the whole exchange, from waiting for a connection to the last byte of the answer. */
  timeoutMs: number;
  /** What is kept of the answer's body: 64 KiB where left out. The rest is not read. */
  maxResponseBytes?: number;
}

export interface Egress {
  /** Why this URL may not be called, asked when it is saved; undefined where it may. Never rejects. */
  check(url: string): Promise<EgressRefusal | undefined>;
  /** Sends a request to where it may go. Never rejects: whatever goes wrong is an outcome. */
  request(request: EgressRequest): Promise<EgressOutcome>;
  /** Ends what is under way as `egress_closed` and closes every connection. */
  close(): Promise<void>;
}

export function createEgress({ allow, resolve, limits }: EgressOptions): Egress {
  const policy = createPolicy(allow, resolve ?? createResolve());
  const pools = new Pools(policy, { ...LIMITS, ...limits });
  let isClosed = false;
  return {
    async check(text) {
      const url = policy.readUrl(text);
      if (isRefusal(url)) return url;
      const addresses = await policy.vet(targetOf(url));
      return isRefusal(addresses) ? addresses : undefined;
    },
    async request(request) {
      const { method, headers = {}, timeoutMs, maxResponseBytes = RESPONSE_BYTES_MAX } = request;
      if (isClosed) return refused({ code: 'egress_closed', detail: 'The server is stopping' });
      const url = policy.readUrl(request.url);
      if (isRefusal(url)) return refused(url);
      const refusal = refuseHeaders(headers);
      if (refusal !== undefined) return refused(refusal);
      const { body, contentLength } = payloadOf(request.body);
      return exchange(pools.of(url.origin), {
        method,
        path: url.pathname + url.search,
        headers: contentLength === undefined ? headers : withLength(headers, contentLength),
        body,
        timeoutMs,
        maxResponseBytes,
      });
    },
    async close() {
      isClosed = true;
      await pools.close();
    },
  };
}

function withLength(
  headers: Readonly<Record<string, string>>,
  contentLength: number,
): Record<string, string> {
  return { ...headers, 'content-length': String(contentLength) };
}

function refused({ code, detail }: Pick<EgressFailure, 'code' | 'detail'>): EgressFailure {
  return { ok: false, code, stage: 'check', detail };
}
