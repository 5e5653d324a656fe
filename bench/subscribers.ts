import { connect } from './client.ts';
import type { Ground, Member } from './ground.ts';
import { startReceivers, type Receivers } from './receivers.ts';

/**
 * Makes a subscription for each receiver, from now on. Each is of an organisation of its own, unless
 * there are to be fewer organisations, which then take turns.
 */
export async function subscribe(
  ground: Ground,
  serverUrl: string,
  options: { readonly count: number; readonly ids: boolean; readonly organisations?: number },
): Promise<Receivers> {
  const receivers = await startReceivers(options);
  const members: Member[] = [];
  for (let i = 0; i < (options.organisations ?? options.count); i++) {
    members.push(await ground.member(`subscriber-${i + 1}`));
  }
  for (const [i, url] of receivers.urls.entries()) {
    const client = connect(serverUrl, members[i % members.length]?.key ?? '');
    await client.post('/api/v1/subscriptions', JSON.stringify({ url }));
    await client.close();
  }
  return receivers;
}
