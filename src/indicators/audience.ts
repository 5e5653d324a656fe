import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { findAudiences, internUnion, type NamedAudience } from '../store/audiences.ts';
import type { Database } from '../store/database.ts';

/** With whom a request shares. */
export interface ChosenAudience {
  readonly id: number;
  /** Whether it names organisations one by one, as TLP:RED demands. */
  readonly namesOrganisations: boolean;
}

const SLUGS_MAX = 500;

/**
 * The audience that these slugs (communities, sharing groups, organisations) make together; none
 * means the organisation's default community. What names organisations always holds the sharer.
 * Throws Problem audience_unknown or audience_empty. A community or group that
 * the organisation is not in is as unknown to it as one that nobody made.
 */
export async function chooseAudience(
  db: Database,
  member: Member,
  slugs: readonly string[],
): Promise<ChosenAudience> {
  const { viewer, organisation } = member;
  if (slugs.length === 0) return defaultAudience(member);
  if (slugs.length > SLUGS_MAX) {
    throw new Problem('invalid_request', `Name at most ${SLUGS_MAX} audiences`, {
      path: 'audience',
    });
  }
  const found = await findAudiences(db, viewer.realmId, slugs);
  const usable = found.filter((audience) => mayName(audience, viewer.audiences));
  const known = new Set(usable.map((audience) => audience.slug));
  const unknown = slugs.filter((slug) => !known.has(slug));
  if (unknown.length > 0) {
    throw new Problem(
      'audience_unknown',
      `Nothing you may share with is called ${unknown.join(', ')}`,
      {
        path: 'audience',
      },
    );
  }
  const namesOrganisations = usable.every((audience) => audience.kind === 'organisation');
  const own = namesOrganisations
    ? await findAudiences(db, viewer.realmId, [organisation.slug])
    : [];
  const parts = [...usable, ...own.filter((audience) => audience.kind === 'organisation')];
  const id = await internUnion(
    db,
    viewer.realmId,
    parts.map((audience) => audience.id),
  );
  return { id, namesOrganisations };
}

function mayName(audience: NamedAudience, audiences: readonly number[]): boolean {
  return audience.kind === 'organisation' || audiences.includes(audience.id);
}

function defaultAudience({ organisation, viewer }: Member): ChosenAudience {
  const id = organisation.defaultCommunityId;
  if (id === null || !viewer.audiences.includes(id)) {
    throw new Problem(
      'audience_empty',
      'Your organisation has no default community: name the audience in `audience`',
      { path: 'audience' },
    );
  }
  return { id, namesOrganisations: false };
}
