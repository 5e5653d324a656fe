/** The slugs of new sharing groups: administrators choose them, members get a random ending. */
import { randomBytes } from 'node:crypto';
import { Problem } from '../errors.ts';
import { findNames } from '../store/members/organisations.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import type { Administrator } from '../access/administer.ts';
import { knowledgeOf, refuseLookAlikes } from './create.ts';

/** 32 digits and letters of which no two look alike: without i, l, o and u. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ENDING_LENGTH = 6;
const SLUG_MAX = 63;
/** A hyphen comes before the ending. */
const MEMBER_SLUG_MAX = SLUG_MAX - ENDING_LENGTH - 1;

/**
 * Returns the slug of a new group. An administrator of the server gets the slug as requested. Slugs are
 * unique in a realm, so a member gets the slug with a random ending: a collision would reveal a name
 * that it may not know.
 * Throws Problem name_taken if the requested slug is, or looks like, a name that the caller may know.
 */
export async function chooseGroupSlug(
  tx: ServerTx,
  by: Administrator,
  requested: string,
  drawEnding: () => string = randomEnding,
): Promise<string> {
  const { realmId } = by;
  await refuseLookAlikes(tx, [requested], { realmId, knownTo: knowledgeOf(by) });
  if (mayChooseSlug(by)) return requested;
  const taken = new Set((await findNames(tx, { realmId })).map(({ name }) => name));
  for (;;) {
    const slug = `${requested}-${drawEnding()}`;
    if (!taken.has(slug)) return slug;
  }
}

/** Throws Problem invalid_request if the requested slug has no room for the ending. */
export function refuseLongSlug(by: Administrator, requested: string): void {
  if (mayChooseSlug(by) || requested.length <= MEMBER_SLUG_MAX) return;
  throw new Problem(
    'invalid_request',
    `\`slug\` must have at most ${MEMBER_SLUG_MAX} characters, because the server appends ` +
      `${SLUG_MAX - MEMBER_SLUG_MAX} to it. Choose a shorter slug.`,
    { path: 'body.slug', extra: { limit: MEMBER_SLUG_MAX } },
  );
}

function mayChooseSlug({ role }: Administrator): boolean {
  return role === 'admin';
}

function randomEnding(): string {
  // 256 is a multiple of 32, so every character is equally likely.
  return Array.from(randomBytes(ENDING_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join(
    '',
  );
}
