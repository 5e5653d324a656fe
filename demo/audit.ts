import { Account } from './account.ts';
import { duesOf, type Act } from './acts.ts';
import { DemoError } from './children.ts';
import type { Member } from './found.ts';
import { pull, type Reader, type Stage } from './story.ts';
import { count, type Screen } from './screen.ts';

/**
 * Tries what must not work, and reads everybody's feed from the beginning: what is pulled must be
 * what was pushed. Answers the books of these feeds.
 */
export async function audit(
  stage: Stage,
  acts: readonly Act[],
  screen: Screen,
  signal: AbortSignal,
): Promise<readonly Account[]> {
  for (const reader of stage.readers) await forge(reader, screen, signal);
  const members = [stage.poster, ...stage.readers.map(({ member }) => member)];
  const books: Account[] = [];
  for (const member of members) books.push(await readAll(stage, acts, member, screen));
  return books;
}

/** Posts to a receiver what the server did not sign; it must not be believed. */
async function forge(reader: Reader, screen: Screen, signal: AbortSignal): Promise<void> {
  const { member, account, receiver } = reader;
  if (receiver === undefined) return;
  account.expectForgery();
  const response = await fetch(`http://127.0.0.1:${receiver.port}/tocsin`, {
    method: 'POST',
    headers: {
      'webhook-id': 'msg_forged',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
    },
    body: '{"type":"objects.changed","data":{"bundle":{"objects":[]},"withdrawn":[]}}',
    signal,
  });
  await response.body?.cancel();
  if (response.status !== 401) throw new DemoError(`${member.slug} believed a forged POST`);
  screen.about(member.slug, 'a forged POST was rejected: its signature is wrong', 'good');
}

async function readAll(
  stage: Stage,
  acts: readonly Act[],
  member: Member,
  screen: Screen,
): Promise<Account> {
  const account = new Account(member.slug, 'feed');
  for (const act of acts) account.expect(duesOf(act, member.slug));
  const reader = { member, account, receiver: undefined, cursor: undefined };
  const tookMs = await pull(stage.api, reader);
  const isExact = account.faults.length === 0;
  screen.about(
    member.slug,
    `its feed from the beginning: ${count(account.received)} versions in ${tookMs} ms, ${isExact ? 'exactly its own' : 'NOT what it should be'}`,
    isExact ? 'good' : 'bad',
  );
  return account;
}
