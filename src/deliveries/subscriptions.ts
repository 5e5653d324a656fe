import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { openCursor, openNumber, sealCursor } from '../log/cursor.ts';
import type { Member } from '../sharing/member.ts';
import type { Quotas } from '../sharing/quotas.ts';
import { appendAudit } from '../store/audit/record.ts';
import type { Database } from '../store/postgres/database.ts';
import { findLogBounds } from '../log/bounds.ts';
import { withQuota } from '../store/content/quotas.ts';
import {
  deleteSubscription,
  findSubscription,
  insertSubscription,
  listAttempts,
  listSubscriptions,
  moveSubscription,
  replaceSecret,
  updateSubscription,
  type AttemptView,
  type Beginning,
  type SubscriptionChange,
  type SubscriptionRecord,
} from '../store/deliveries/subscriptions.ts';
import { requireStanding } from '../store/access/standing.ts';
import { asViewer, type Tx } from '../store/postgres/transaction.ts';
import { openUrl, sealUrl, shownUrl } from './endpoint-url.ts';
import { sealSecrets, validSecrets, withNewSecret } from './secrets.ts';
import { newSecret } from './signature.ts';

export interface SubscriptionContext {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** Where a subscription begins: what comes from now on, all there is, or after a cursor. */
export type Start = 'now' | 'beginning' | { readonly cursor: string };

export interface NewSubscriptionInput {
  readonly url: string;
  readonly description: string;
  readonly filter: object;
  readonly batchMax: number;
  /** How long objects may gather before they are sent. */
  readonly lingerMs: number;
  /** Without the references to TLP levels that the server adds. */
  readonly asPosted: boolean;
  readonly start: Start;
  /**
   * Whether what is superseded by now is left out: true from the beginning unless said otherwise, without
   * effect elsewhere. A replay leaves it out as far as the subscription had come.
   */
  readonly current?: boolean | undefined;
}

/** A subscription as its owner sees it: its URL masked, its cursor sealed. */
export interface SubscriptionView extends Omit<SubscriptionRecord, 'cursor' | 'url'> {
  /** Null when it was stored under a master secret that is gone. */
  readonly url: string | null;
  readonly cursor: string;
}

/** What changes; what is left out stays. */
export interface SubscriptionChangeInput extends Omit<SubscriptionChange, 'url'> {
  readonly url?: string | undefined;
}

/** How long the secret that was replaced still signs beside the new one, unless said otherwise. */
const OVERLAP_SECONDS = 24 * 3600;

/**
 * Creates a subscription; its secret is in the answer and is not shown again. Throws Problem
 * subscription_limit.
 */
export async function createSubscription(
  context: SubscriptionContext & { readonly quotas: Pick<Quotas, 'subscriptions'> },
  member: Member,
  input: NewSubscriptionInput,
): Promise<{ subscription: SubscriptionView; secret: string }> {
  const { db, keyring, clock } = context;
  const id = randomUUID();
  const secret = newSecret(randomBytes);
  const { start, current = start === 'beginning' } = input;
  const beginning = await beginningOf(context, member, start, current);
  return asViewer(db, member.viewer, async (tx) => {
    const { organisationId, realmId } = member.viewer;
    await withQuota(tx, organisationId, 'subscriptions', context.quotas.subscriptions);
    const sealed = {
      url: sealUrl(keyring, id, input.url),
      secret: sealSecrets(keyring, id, [{ secret }]),
    };
    await insertSubscription(tx, {
      ...input,
      ...sealed,
      id,
      organisationId,
      realmId,
      ...beginning,
    });
    await note(clock, tx, member, 'subscription.create', id);
    return { subscription: await view(context, tx, member, id), secret };
  });
}

export async function readSubscriptions(
  { db, keyring }: SubscriptionContext,
  { viewer }: Member,
): Promise<SubscriptionView[]> {
  const records = await asViewer(db, viewer, listSubscriptions);
  return records.map((record) => viewOf(keyring, viewer, record));
}

export async function readSubscription(
  context: SubscriptionContext,
  member: Member,
  id: string,
): Promise<SubscriptionView> {
  return asViewer(context.db, member.viewer, (tx) => view(context, tx, member, id));
}

/** The attempts at its deliveries, newest first; `before`: only those before this sealed id. */
export async function readAttempts(
  { db, keyring }: SubscriptionContext,
  { viewer }: Member,
  id: string,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<AttemptView[]> {
  return asViewer(db, viewer, async (tx) => {
    if ((await findSubscription(tx, id)) === undefined) throw unknown();
    const attempt = { text: before ?? '', path: 'querystring.before' };
    const index = before === undefined ? null : openNumber(keyring, viewer, 'attempt', attempt);
    return listAttempts(tx, id, { before: index, limit });
  });
}

export async function changeSubscription(
  context: SubscriptionContext,
  member: Member,
  id: string,
  { url, ...rest }: SubscriptionChangeInput,
): Promise<SubscriptionView> {
  const { db, clock, keyring } = context;
  const change = { ...rest, url: url === undefined ? url : sealUrl(keyring, id, url) };
  return asViewer(db, member.viewer, async (tx) => {
    if (!(await updateSubscription(tx, id, change))) throw unknown();
    await note(clock, tx, member, 'subscription.change', id);
    return view(context, tx, member, id);
  });
}

/** Delivers again from a position; the receiver sees again what it has seen before. */
export async function replaySubscription(
  context: SubscriptionContext,
  member: Member,
  id: string,
  { start, current = false }: Pick<NewSubscriptionInput, 'start' | 'current'>,
): Promise<SubscriptionView> {
  const { db, clock } = context;
  const beginning = await beginningOf(context, member, start, current);
  return asViewer(db, member.viewer, async (tx) => {
    if (!(await moveSubscription(tx, id, beginning))) throw unknown();
    await note(clock, tx, member, 'subscription.replay', id);
    return view(context, tx, member, id);
  });
}

/** Gives a new secret; the old one signs beside it for `overlapSeconds`, with 0 none does. */
export async function rotateSecret(
  { db, keyring, clock }: SubscriptionContext,
  member: Member,
  id: string,
  {
    nowMs,
    overlapSeconds = OVERLAP_SECONDS,
  }: { nowMs: number; overlapSeconds?: number | undefined },
): Promise<string> {
  const secret = newSecret(randomBytes);
  await asViewer(db, member.viewer, async (tx) => {
    const record = await findSubscription(tx, id);
    if (record === undefined) throw unknown();
    // One that is lost with a master secret cannot sign beside the new one.
    const valid = validSecrets(keyring, id, record.secret, nowMs) ?? [];
    const until = nowMs + overlapSeconds * 1000;
    const secrets = withNewSecret(valid, secret, { nowMs, until });
    // Sealed again as well, so that both outlive an older master secret.
    const url = sealUrl(keyring, id, openUrl(keyring, id, record.url));
    await replaceSecret(tx, id, { secret: sealSecrets(keyring, id, secrets), url });
    await note(clock, tx, member, 'subscription.rotate_secret', id);
  });
  return secret;
}

export async function removeSubscription(
  { db, clock }: SubscriptionContext,
  member: Member,
  id: string,
): Promise<void> {
  await asViewer(db, member.viewer, async (tx) => {
    if (!(await deleteSubscription(tx, id))) throw unknown();
    await note(clock, tx, member, 'subscription.delete', id);
  });
}

async function beginningOf(
  { db, keyring }: Pick<SubscriptionContext, 'db' | 'keyring'>,
  { viewer }: Member,
  start: Start,
  current: boolean,
): Promise<Beginning> {
  const { floor, head } = await findLogBounds(db);
  // A reader with a cursor has objects, and a superseded version may be the end of one.
  if (typeof start === 'object') {
    const cursor = openCursor(keyring, viewer, start.cursor, 'body.start.cursor');
    return { cursor, currentTo: 0 };
  }
  return start === 'now'
    ? { cursor: head, currentTo: 0 }
    : { cursor: floor, currentTo: current ? head : 0 };
}

async function view(
  { keyring }: SubscriptionContext,
  tx: Tx,
  { viewer }: Member,
  id: string,
): Promise<SubscriptionView> {
  const record = await findSubscription(tx, id);
  if (record === undefined) throw unknown();
  const { secret: _, ...rest } = record;
  return viewOf(keyring, viewer, rest);
}

function viewOf(
  keyring: Keyring,
  viewer: Member['viewer'],
  { url, cursor, ...rest }: SubscriptionRecord,
): SubscriptionView {
  return {
    ...rest,
    url: shownUrl(keyring, rest.id, url),
    cursor: sealCursor(keyring, viewer, cursor),
  };
}

/** The last step of each change. Throws StandingChanged where the member may not make it any more. */
async function note(
  clock: Clock,
  tx: Tx,
  member: Member,
  action: string,
  id: string,
): Promise<void> {
  await requireStanding(tx, member.standing, clock.now());
  await appendAudit(tx, {
    organisationId: member.viewer.organisationId,
    actor: member.actor,
    action,
    requestId: undefined,
    address: member.address,
    detail: { subscription: id },
  });
}

function unknown(): Problem {
  return new Problem('not_found', 'Subscription not found');
}
