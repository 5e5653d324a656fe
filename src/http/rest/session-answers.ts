import type { z } from 'zod';
import type { SessionView } from '../../store/access/sessions.ts';
import type { SessionAnswer } from './schemas/session.ts';

/** A session as its user and administrators see it; `current` is the session that asks. */
export function toSession(
  { id, realm, startedBy, client, address, ...times }: SessionView,
  current: string | undefined,
): z.infer<typeof SessionAnswer> {
  return {
    id,
    realm,
    current: id === current,
    started_by: startedBy === 'password' ? 'password' : 'single_sign_on',
    client,
    address,
    created_at: times.createdAt.toISOString(),
    used_at: times.usedAt.toISOString(),
    expires_at: times.expiresAt.toISOString(),
  };
}
