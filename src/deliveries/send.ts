import type { Egress } from '../egress/egress.ts';
import type { Endpoint } from './endpoints.ts';
import type { Payload } from './payload.ts';
import type { Outcome } from './retry.ts';
import { sign } from './signature.ts';

const TIMEOUT_MS = 15_000;
const RESPONSE_BYTES_MAX = 4096;

export interface Sent {
  readonly outcome: Outcome;
  readonly status: number | null;
  /**
   * Why there was no answer, or the beginning of an answer that was not a success, if it came from the
   * public internet.
   */
  readonly detail: string | null;
}

/** One signed POST, through the guarded way out. Never rejects: a failing receiver is an outcome. */
export async function send(
  egress: Egress,
  endpoint: Endpoint,
  payload: Payload,
  nowMs: number,
): Promise<Sent> {
  const timestampSeconds = Math.floor(nowMs / 1000);
  const signature = sign({
    secret: endpoint.secrets,
    id: payload.webhookId,
    timestampSeconds,
    body: payload.body,
  });
  const answer = await egress.request({
    method: 'POST',
    url: endpoint.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Tocsin',
      'webhook-id': payload.webhookId,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signature,
    },
    body: payload.body,
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: RESPONSE_BYTES_MAX,
  });
  if (!answer.ok) {
    return {
      outcome: { code: answer.code },
      status: null,
      detail: `${answer.code}: ${answer.detail}`,
    };
  }
  const { status, headers } = answer;
  const retryAfter = headers['retry-after'];
  const outcome = { status, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined };
  const success = status >= 200 && status < 300;
  // What stands inside the operator's network is not for the members to read.
  return { outcome, status, detail: success || answer.inside ? null : excerpt(answer.body) };
}

/** The beginning of an answer, for the owner of the endpoint: printable, one line. */
function excerpt(body: Buffer): string {
  const text = body.subarray(0, 800).toString('utf8');
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
