/** The one translation of filters to SQL: conditions on rows `v` of version_leveled. */
import type { SearchFilter } from '../../search/filter.ts';
import type { TermGroup } from '../../search/terms.ts';
import { TLP_ORDER } from '../../stix/marking/tlp.ts';
import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import { hasObservables } from './observables.ts';

/** A filter with its names looked up. */
export interface SearchConditions {
  readonly realmId: number;
  readonly filter: SearchFilter;
  /** What the filter asks of the content. */
  readonly terms: readonly TermGroup[];
  /** The ids of the audiences that it names; undefined where it names none. */
  readonly audienceIds?: readonly number[] | undefined;
  /** The ids of what is related to the objects that it names; undefined where it names none. */
  readonly relatedIds?: readonly string[] | undefined;
  /** Comparable timestamp. */
  readonly now: string;
}

/** What the columns of the index version_posted decide. Row security has its columns there, too. */
export function quickConditions(search: SearchConditions): Prisma.Sql {
  return all(
    Prisma.sql`v.realm_id = ${search.realmId}::smallint and not v.superseded`,
    search.filter.types === undefined
      ? undefined
      : Prisma.sql`v.type = any(${[...search.filter.types]}::text[])`,
    search.filter.confidence_min === undefined
      ? undefined
      : Prisma.sql`v.confidence >= ${search.filter.confidence_min}::smallint`,
    search.filter.confidence_max === undefined
      ? undefined
      : Prisma.sql`v.confidence <= ${search.filter.confidence_max}::smallint`,
    withinTimes(search.filter),
    search.filter.states === undefined ? undefined : inStates(search.filter.states, search.now),
    search.audienceIds === undefined ? undefined : addressedTo(search.audienceIds),
  );
}

function withinTimes(filter: SearchFilter): Prisma.Sql {
  return all(
    filter.posted_since === undefined
      ? undefined
      : Prisma.sql`v.accepted_at >= ${filter.posted_since}::timestamptz
          and v.id > (select id_before(${filter.posted_since}::timestamptz))`,
    filter.posted_until === undefined
      ? undefined
      : Prisma.sql`v.accepted_at <= ${filter.posted_until}::timestamptz
          and v.id < (select id_after(${filter.posted_until}::timestamptz))`,
    filter.modified_since === undefined
      ? undefined
      : Prisma.sql`v.modified >= ${filter.modified_since}::timestamptz`,
    filter.modified_until === undefined
      ? undefined
      : Prisma.sql`v.modified <= ${filter.modified_until}::timestamptz`,
    filter.valid_since === undefined
      ? undefined
      : Prisma.sql`(v.valid_until is null or v.valid_until > ${filter.valid_since}::timestamptz)`,
    filter.valid_until === undefined
      ? undefined
      : Prisma.sql`v.valid_until <= ${filter.valid_until}::timestamptz`,
  );
}

function inStates(states: readonly string[], now: string): Prisma.Sql {
  return Prisma.sql`case
    when v.revoked then 'revoked'
    when v.valid_until <= ${now}::timestamptz then 'expired'
    else 'active' end = any(${[...states]}::text[])`;
}

/** Shared with one of these audiences, or with a union that has one of them as a part. */
function addressedTo(ids: readonly number[]): Prisma.Sql {
  return Prisma.sql`(v.audience_id = any(${[...ids]}::integer[]) or v.audience_id < 0 and exists (
    select from audience_part p
    where p.audience_id = v.audience_id and p.part_id = any(${[...ids]}::integer[]) offset 0))`;
}

/** What has to be read in the version, or beside it. */
export function slowConditions({ filter, terms, relatedIds }: SearchConditions): Prisma.Sql {
  return all(
    filter.tlp === undefined ? undefined : atLevels(filter.tlp),
    relatedIds === undefined ? undefined : Prisma.sql`v.stix_id = any(${[...relatedIds]}::text[])`,
    terms.length === 0 ? undefined : hasTerms(terms),
    hasObservables(filter),
    filter.text === undefined ? undefined : hasTexts(filter.text),
  );
}

function atLevels(levels: NonNullable<SearchFilter['tlp']>): Prisma.Sql {
  return Prisma.sql`v.level = any(${levels.map((level) => TLP_ORDER.indexOf(level))}::integer[])`;
}

function hasTerms(terms: readonly TermGroup[]): Prisma.Sql {
  return Prisma.sql`not exists (
    select from jsonb_array_elements(${JSON.stringify(terms)}::jsonb) as wanted
    where not exists (
      select from object_terms(v.type, v.created_by_ref, v.content::jsonb) as term
      where wanted ? term))`;
}

function hasTexts(texts: readonly string[]): Prisma.Sql {
  return Prisma.sql`object_words(v.content::jsonb) like all(
    array(select containing(wanted) from unnest(${[...texts]}::text[]) as wanted))`;
}

/**
 * Whether a row is what its reader gets of the object: the newest version of all sharers, and of
 * several that are the same the one at the strictest level. Uses version_current.
 */
export const isShown = Prisma.sql`not exists (
  select from version other
  where other.realm_id = v.realm_id and other.stix_id = v.stix_id and not other.superseded
    and (other.modified, v.content_hash, other.tlp, v.id)
      > (v.modified, other.content_hash, v.tlp, other.id)
  offset 0)`;
