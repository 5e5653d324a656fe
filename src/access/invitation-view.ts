import { Problem } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../store/postgres/database.ts';
import { findInvitation, type InvitationMaker } from '../store/access/invitations.ts';
import { hashToken } from './links.ts';
import type { UserRole } from './user-acts.ts';

/** An invitation as its holder sees it. */
export interface InvitationView {
  readonly organisation: { readonly slug: string; readonly name: string };
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly invitedBy: string;
  readonly expiresAt: Date;
  /** Whether its user is active already. */
  readonly resetsPassword: boolean;
}

/**
 * Whose invitation a token belongs to, who created it, and until when it can be used. Changes
 * nothing. Throws Problem invitation_invalid, in the same words for every token that cannot be used.
 */
export async function describeInvitation(
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  token: string,
): Promise<InvitationView> {
  const found = await findInvitation(db, hashToken(token), clock.now());
  if (found === undefined) {
    throw new Problem('invitation_invalid', 'Ask your administrator for another link', {
      path: 'body.token',
    });
  }
  const { organisation, organisationName, email, name, role, expiresAt, status } = found;
  return {
    organisation: { slug: organisation, name: organisationName },
    email,
    name,
    role: role as UserRole,
    invitedBy: inWords(found),
    expiresAt,
    resetsPassword: status === 'active',
  };
}

function inWords({ madeBy, makerName, makerOrganisation }: InvitationMaker): string {
  if (madeBy === null) return 'the operator of this server';
  if (madeBy.startsWith('key ')) return `an API key of ${makerOrganisation ?? 'an administrator'}`;
  if (makerName === null) return 'an administrator';
  return makerOrganisation === null ? makerName : `${makerName} (${makerOrganisation})`;
}
