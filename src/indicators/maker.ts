import type { Member } from '../sharing/member.ts';

/** Under which name an organisation's own indicators are made: its slug, and its STIX identity. */
export function makerOf({ organisation }: Pick<Member, 'organisation'>): {
  slug: string;
  identity: string | undefined;
} {
  // Of several, always the same one, in whatever order they were read.
  return { slug: organisation.slug, identity: organisation.identities.toSorted()[0] };
}
