/** What can go wrong on the way out. A failing receiver is an outcome, never an exception of ours. */

/** Why a URL may not be called: stable `code`, and a `detail` for people that names no internal address. */
export interface EgressRefusal {
  code:
    | 'egress_url'
    | 'egress_scheme'
    | 'egress_userinfo'
    | 'egress_port'
    | 'egress_address'
    | 'egress_resolve'
    | 'egress_header';
  detail: string;
}

/** Why a request got no answer, and how far it had come. */
export interface EgressFailure {
  ok: false;
  code:
    | EgressRefusal['code']
    | 'egress_connect'
    | 'egress_tls'
    | 'egress_timeout'
    | 'egress_reset'
    | 'egress_protocol'
    | 'egress_closed';
  stage: 'check' | 'connect' | 'headers' | 'body';
  detail: string;
}

/** Carries a classified failure through undici, which hands connection errors back to the request. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressFailure['code'];

  constructor(code: EgressFailure['code'], detail: string) {
    super(detail);
    this.code = code;
  }
}

const RESET_CODES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);
const CLOSED_CODES = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** Names what undici or the operating system reported; `stage` is how far the exchange had come. */
export function failureOf(error: Error, stage: EgressFailure['stage']): EgressFailure {
  if (error instanceof EgressError) {
    return { ok: false, code: error.code, stage, detail: error.message };
  }
  const code = codeOf(error);
  if (CLOSED_CODES.has(code)) {
    return { ok: false, code: 'egress_closed', stage, detail: 'The server is stopping' };
  }
  if (RESET_CODES.has(code)) {
    return { ok: false, code: 'egress_reset', stage, detail: 'The receiver cut the connection' };
  }
  const detail = `The receiver’s answer is not valid HTTP (${code})`;
  return { ok: false, code: 'egress_protocol', stage, detail };
}

/** The machine-readable code of a Node or undici error, or its class name. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
