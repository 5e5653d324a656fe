/**
 * The process that attacks, apart from the one that measures: `attacker.ts CASE` with an Orders as JSON on
 * standard input. Prints how often it was answered with which status.
 */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { createRandom } from '../random.ts';
import { CASES } from './cases.ts';

const Orders = z.object({
  name: z.string(),
  host: z.string(),
  port: z.number(),
  keys: z.object({ feed: z.string(), publisher: z.string(), org_admin: z.string() }),
  seed: z.number(),
  ms: z.number(),
});
export type Orders = z.infer<typeof Orders>;

const orders = Orders.parse(JSON.parse(await text(process.stdin)));
const attack = CASES[orders.name];
if (attack === undefined) throw new Error(`There is no case ${orders.name}`);
const over = new AbortController();
const answers: Record<string, number> = {};
const attacking = attack({
  host: orders.host,
  port: orders.port,
  keys: orders.keys,
  random: createRandom(orders.seed).fork(orders.name),
  signal: over.signal,
  count: (status) => {
    answers[status] = (answers[status] ?? 0) + 1;
  },
});
// The clock starts once the case has made its documents. AbortSignal.timeout would not keep the
// process alive while it only holds connections.
setTimeout(() => over.abort(), orders.ms);
await attacking;
process.stdout.write(JSON.stringify(answers));
process.exit(0);
