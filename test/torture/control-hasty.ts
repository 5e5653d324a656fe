import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.ts';
import { createSubscription } from '../../src/deliveries/subscriptions.ts';
import { startSequencer } from '../../src/log/sequencer.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import type { OpenStore } from '../../src/commands/open.ts';
import type { Control } from './control.ts';
import type { HastyOrders } from './hasty-worker.ts';
import { createLedger, put, type Ledger } from './ledger.ts';
import { shareMadeUp } from './made-up.ts';
import { judge, type Verdict } from './oracle.ts';
import { createRandom, type Random } from './random.ts';
import { withOwner } from './sequencing.ts';
import { openStage, raiseStage } from './stage.ts';

const PROGRAM = fileURLToPath(new URL('hasty-worker.ts', import.meta.url));
const ORGANISATION = 'cert-b';
const KILLS = 3;
const OBJECTS = 300;
const ANSWER_MS_MAX = 60;
const QUIET_MS = 20_000;

/**
 * A worker that moves its cursor before the POST, killed at random; beside it, one that does both
 * in the right order.
 */
export const cursorBeforePost: Control = async ({ seed }) => {
  const stage = await raiseStage();
  const store = await openStage(stage);
  const { db } = store;
  const sequencer = startSequencer({ db, onHead: () => undefined, onError: () => undefined });
  try {
    const random = createRandom(seed);
    const wrong = createLedger();
    const right: Ledger = { ...createLedger(), posted: wrong.posted };
    const member = await memberOfOrganisation(db, 'cert-a', 'torture');
    for (let i = 0; i < OBJECTS; i++) await shareMadeUp({ db, member, ledger: wrong, random });
    const [hasty, careful] = await Promise.all([
      deliverUnderKills(store, wrong, random.fork('wrong'), false),
      deliverUnderKills(store, right, random.fork('right'), true),
    ]);
    return { fault: 'lost', wrong: hasty, right: careful };
  } finally {
    await sequencer.close();
    await store.close();
    await stage.strike();
  }
};

const WISH = {
  description: '',
  filter: {},
  batchMax: 5,
  lingerMs: 0,
  asPosted: false,
  start: 'beginning',
} as const;

/** Lets a worker deliver everything to a receiver, killing it `KILLS` times on the way. */
async function deliverUnderKills(
  store: OpenStore,
  ledger: Ledger,
  random: Random,
  postFirst: boolean,
): Promise<Verdict> {
  const receiver = await listen(ledger, random);
  const { db, url: databaseUrl } = store;
  const stored = new Set(ledger.posted.keys());
  const verdict = (): Verdict => judge(ledger, stored);
  try {
    const member = await memberOfOrganisation(db, ORGANISATION, 'torture');
    const wish = { ...WISH, url: receiver.url };
    const context = { ...store, clock: systemClock, quotas: { subscriptions: 2 } };
    const made = await createSubscription(context, member, wish);
    const { id: subscriptionId } = made.subscription;
    const workerId = randomUUID();
    await withOwner(databaseUrl, (client) =>
      client.query(
        `update subscription set lease_owner = $1, lease_until = now() + interval '1 hour'
          where id = $2`,
        [workerId, subscriptionId],
      ),
    );
    const receiverUrl = receiver.url;
    const orders: HastyOrders = {
      databaseUrl,
      workerId,
      subscriptionId,
      receiverUrl,
      postFirst,
    };
    for (let kill = 0; kill <= KILLS; kill++) {
      const worker = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], {
        stdio: 'ignore',
      });
      try {
        // The first kill falls between POST and answer for certain, the others at random.
        await receiver.next({ answered: kill > 0 });
        if (kill < KILLS) await delay(kill === 0 ? 0 : random.between(0, 150));
        else await untilStill(receiver, () => verdict().lost.length === 0);
      } finally {
        await end(worker);
      }
    }
    return verdict();
  } finally {
    await receiver.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  if (child.exitCode !== null || !child.kill('SIGKILL')) return;
  await gone;
}

/** Waits until all is there or nothing has come for a while. */
async function untilStill(
  receiver: { readonly count: () => number },
  complete: () => boolean,
): Promise<void> {
  const deadline = performance.now() + QUIET_MS;
  for (let before = -1; before !== receiver.count() && performance.now() < deadline;) {
    before = receiver.count();
    await delay(1000);
    if (complete()) return;
  }
}

/** A receiver that has taken a batch once its answer could be given. */
async function listen(ledger: Ledger, random: Random) {
  const name = 'webhook of a control';
  ledger.readers.set(name, { name, organisation: ORGANISATION, door: 'webhook', holdMs: 0 });
  let count = 0;
  let wake: (() => void) | undefined;
  let answering = true;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      wake?.();
      count++;
      if (!answering) return;
      setTimeout(
        () => {
          if (response.destroyed) return;
          const seen = (JSON.parse(Buffer.concat(chunks).toString()) as object[]).map(put);
          const id = String(count);
          ledger.batches.push({ reader: name, id, beganMs: performance.now(), taken: true, seen });
          response.end();
        },
        random.between(5, ANSWER_MS_MAX),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    count: () => count,
    next: ({ answered }: { readonly answered: boolean }) => {
      answering = answered;
      return new Promise<void>((done) => (wake = done));
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
