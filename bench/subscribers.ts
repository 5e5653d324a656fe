import { connect } from './client.ts';
import type { Ground, Member } from './ground.ts';
import { startReceivers, type Receivers } from './receivers.ts';

interface Subscribers {
  readonly count: number;
  readonly ids: boolean;
  /** Whose they are, in turn. Default: as many new organisations as there are subscribers. */
  readonly members?: readonly Member[];
}

/** Makes a subscription for each receiver, from now on. */
export async function subscribe(
  ground: Ground,
  serverUrl: string,
  { members, ...options }: Subscribers,
): Promise<Receivers> {
  const receivers = await startReceivers(options);
  const owners = members ?? (await makeSubscribers(ground, options.count));
  for (const [i, url] of receivers.urls.entries()) {
    const client = connect(serverUrl, owners[i % owners.length]?.key ?? '');
    await client.post('/api/v1/subscriptions', JSON.stringify({ url }));
    await client.close();
  }
  return receivers;
}

/** Organisations that are to subscribe. Made after a log was filled, each would be sent all of it. */
export async function makeSubscribers(ground: Ground, count: number): Promise<Member[]> {
  const members: Member[] = [];
  for (let i = 0; i < count; i++) members.push(await ground.member(`subscriber-${i + 1}`));
  return members;
}
