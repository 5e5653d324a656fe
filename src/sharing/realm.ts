/** The realm in which everything happens that is not an exercise. */
export const PRODUCTION = 1;
export const PRODUCTION_SLUG = 'production';

/** Production, or one exercise. Nothing crosses realms. */
export interface Realm {
  readonly slug: string;
  readonly name: string;
}

/** The states of an exercise: `open` is when it takes new content. */
export const REALM_STATES = ['coming', 'open', 'over', 'archived', 'wiped'] as const;
export type RealmState = (typeof REALM_STATES)[number];

/** What an answer says of the realm that its content is of: its slug, and in production nothing. */
export function labelOf({ slug }: Pick<Realm, 'slug'>): { readonly realm?: string } {
  return slug === PRODUCTION_SLUG ? {} : { realm: slug };
}
