import type { Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';
import type { Webhooks } from './webhooks.ts';

export interface Subscribed {
  readonly id: string;
  readonly secret: string;
  /** Where its deliveries come, at the receiver. */
  readonly path: string;
}

let count = 0;

/** Makes a subscription to a path of its own at the receiver. */
export async function subscribes(
  actor: Actor,
  webhooks: Webhooks,
  wish: object = {},
): Promise<Subscribed> {
  const path = `/${actor.slug}/${++count}`;
  const response = await actor
    .sends('post', '/subscriptions')
    .send({ url: webhooks.url + path, ...wish });
  if (response.status !== 201) throw new Error(`Not subscribed: ${response.text}`);
  const { id, secret } = response.body as { id: string; secret: string };
  return { id, secret, path };
}

/** What its owner sees of a subscription. */
export async function standing(actor: Actor, { id }: Subscribed): Promise<Record<string, unknown>> {
  return (await actor.sends('get', `/subscriptions/${id}`)).body as Record<string, unknown>;
}

export interface AttemptAnswer {
  readonly id: string;
  readonly webhook_id: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly detail: string | null;
  readonly objects: number;
}

/** The attempts, the oldest first. */
export async function attempts(actor: Actor, { id }: Subscribed): Promise<AttemptAnswer[]> {
  const { body } = await actor.sends('get', `/subscriptions/${id}/attempts`).query({ limit: 500 });
  return (body as { attempts: AttemptAnswer[] }).attempts.toReversed();
}

/** While `work` runs, time flies: what waits for its next try is tried. */
export async function timeFlies<T>({ clock, sql }: Tocsin, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    clock.advance(120_000);
    void sql(`select pg_notify('tocsin_subscription', '')`);
  }, 50);
  return work.finally(() => clearInterval(timer));
}
