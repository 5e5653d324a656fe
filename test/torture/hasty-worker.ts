/**
 * A delivery loop as it must not be, in a process of its own: it moves the cursor before the POST.
 * With `postFirst` it does it in the right order. It is killed at random either way.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readRange } from '../../src/log/reader.ts';
import { skipTo } from '../../src/store/deliveries/attempts.ts';
import { openDatabase } from '../../src/store/postgres/database.ts';
import { findOrder, type Order } from '../../src/store/deliveries/leases.ts';
import { findLogBounds } from '../../src/store/content/log.ts';

/** Its input, from its argument as JSON. */
export interface HastyOrders {
  readonly databaseUrl: string;
  readonly workerId: string;
  readonly subscriptionId: string;
  readonly receiverUrl: string;
  readonly postFirst: boolean;
}

const BATCH_MAX = 5;
const CEILING = 3;

const orders: HastyOrders = JSON.parse(process.argv[2] ?? '{}');
const { databaseUrl: url, workerId, subscriptionId, receiverUrl, postFirst } = orders;
const db = openDatabase({ url, poolMax: 2, onError: () => undefined });

for (;;) {
  const order = await findOrder(db, { workerId, subscriptionId });
  if (order === undefined || !(await deliver(order))) await delay(20);
}

/** Whether there was something to deliver, and it got there. */
async function deliver(order: Order): Promise<boolean> {
  const { head } = await findLogBounds(db);
  const request = { after: order.cursor, limit: BATCH_MAX };
  const { organisationId, realmId } = order;
  const reader = { organisationId, realmId, rankMax: CEILING, cleared: false };
  const page = await readRange(db, reader, request, head);
  if (page.rows.length === 0) return false;
  const move = () => skipTo(db, workerId, { ...order, id: subscriptionId }, page.next);
  if (!postFirst) await move();
  const contents = page.rows.flatMap(({ content }) => content ?? []);
  const answer = await fetch(receiverUrl, { method: 'POST', body: `[${contents.join(',')}]` });
  if (postFirst && answer.ok) await move();
  return answer.ok;
}
