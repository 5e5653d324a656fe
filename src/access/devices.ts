/**
 * Devices on which a user has signed in: each holds a sealed token that names the account. Tries
 * from a known device are counted for that account, so that strangers in its network cannot hold
 * it up. The token opens nothing.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { seal, unseal, type Keyring } from '../keyring.ts';

const CONTEXT = 'device';
const Device = z.object({ user: z.string() });

/** The token for a device on which this user has just signed in. */
export function newDevice(keyring: Keyring, userId: string): string {
  const text = JSON.stringify({ user: userId, id: randomUUID() });
  return seal(keyring, 'stored-secret', Buffer.from(text), CONTEXT).toString('base64url');
}

/** The id of the user who signed in on this device; undefined for a token that is not ours. */
export function userOfDevice(keyring: Keyring, device: string | undefined): string | undefined {
  if (device === undefined) return undefined;
  const text = unseal(keyring, 'stored-secret', Buffer.from(device, 'base64url'), CONTEXT);
  if (text === undefined) return undefined;
  return Device.safeParse(JSON.parse(text.toString('utf8'))).data?.user;
}
