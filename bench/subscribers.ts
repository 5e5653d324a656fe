import type { Ground } from './ground.ts';
import { connect } from './client.ts';
import { startReceivers, type Receivers } from './receivers.ts';

/** Makes an organisation with one subscription for each receiver, from now on. */
export async function subscribe(
  ground: Ground,
  serverUrl: string,
  options: { readonly count: number; readonly ids: boolean },
): Promise<Receivers> {
  const receivers = await startReceivers(options);
  for (const [i, url] of receivers.urls.entries()) {
    const { key } = await ground.member(`subscriber-${i + 1}`);
    const client = connect(serverUrl, key);
    await client.post('/api/v1/subscriptions', JSON.stringify({ url }));
    await client.close();
  }
  return receivers;
}
