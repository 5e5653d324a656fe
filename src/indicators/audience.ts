import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { findAudiences, type NamedAudience } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';

/**
 * With whom a request shares: the parts of one audience, which is interned when something is stored
 * that is addressed to it, and not before.
 */
export interface ChosenAudience {
  /** Communities, sharing groups and organisations, in order; or one audience of any kind. */
  readonly partIds: readonly number[];
  /** Whether it names organisations one by one, as TLP:RED demands. */
  readonly namesOrganisations: boolean;
  /** Whether it is the default community, since the request named no audience. */
  readonly byDefault?: boolean;
}

/** Whether nobody but the member's own organisation is in the audience. */
export function isItselfAlone({ partIds }: ChosenAudience, { viewer }: Member): boolean {
  return partIds.every((id) => id === viewer.self);
}

/** A request names at most this many communities, groups and organisations. */
const SLUGS_MAX = 500;

/**
 * The audience that these slugs (communities, sharing groups, organisations) make together; left
 * out, they mean the organisation's default community. What names organisations always holds the
 * sharer. `path` is where the request names it. Nothing is stored. Throws Problem audience_unknown, audience_empty or invalid_request. A
 * community or group that the organisation is not in is as unknown to it as one that nobody made.
 */
export async function chooseAudience(
  db: Database,
  member: Member,
  slugs: readonly string[] | undefined,
  path = 'querystring.audience',
): Promise<ChosenAudience> {
  const { viewer, organisation } = member;
  if (slugs === undefined) return defaultParts(member, path);
  if (slugs.length === 0) throw namesNobody(member, path);
  if (slugs.length > SLUGS_MAX) {
    const detail = `Name at most ${SLUGS_MAX} audiences; a sharing group holds any number`;
    throw new Problem('invalid_request', detail, { path, extra: { limit: SLUGS_MAX } });
  }
  const found = await findAudiences(db, viewer.realmId, slugs);
  const usable = found.filter((audience) => mayName(audience, viewer.audiences));
  const known = new Set(usable.map((audience) => audience.slug));
  const unknown = slugs.filter((slug) => !known.has(slug));
  if (unknown.length > 0) {
    throw new Problem(
      'audience_unknown',
      `Unknown ${unknown.length === 1 ? 'audience' : 'audiences'}: ${unknown.join(', ')}. Name communities and sharing groups ` +
        `that ${organisation.slug} is in, or organisations.`,
      { path },
    );
  }
  const namesOrganisations = usable.every((audience) => audience.kind === 'organisation');
  const own = namesOrganisations
    ? await findAudiences(db, viewer.realmId, [organisation.slug])
    : [];
  const parts = [...usable, ...own.filter((audience) => audience.kind === 'organisation')];
  const ids = new Set(parts.map((audience) => audience.id));
  return { partIds: [...ids].toSorted((a, b) => a - b), namesOrganisations };
}

/** A script whose variable is unset must not share with more than it meant to. */
function namesNobody({ organisation }: Member, path: string): Problem {
  const detail =
    '`audience` names nobody. Name communities, sharing groups or organisations, or leave it out for ' +
    `the default community of ${organisation.slug}.`;
  return new Problem('audience_empty', detail, { path });
}

function mayName(audience: NamedAudience, audiences: readonly number[]): boolean {
  return audience.kind === 'organisation' || audiences.includes(audience.id);
}

function defaultParts({ organisation, viewer }: Member, path: string): ChosenAudience {
  const id = organisation.defaultCommunityId;
  if (id === null || !viewer.audiences.includes(id)) {
    throw new Problem(
      'audience_empty',
      `${organisation.slug} has no default community. Name an audience in \`audience\`.`,
      { path },
    );
  }
  return { partIds: [id], namesOrganisations: false, byDefault: true };
}
