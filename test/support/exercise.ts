import { randomBytes } from 'node:crypto';
import { createKey } from '../../src/members/create.ts';
import { operator } from '../../src/access/administer.ts';
import { createRealm } from '../../src/members/realms.ts';
import type { Role } from '../../src/sharing/member.ts';
import { Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

/** The mark of an exercise. */
export const EXTENSION = 'extension-definition--5b1d4c3e-6f0a-4d8e-9b7a-2c51f0e8a94d';

export interface Exercise {
  readonly slug: string;
  readonly name: string;
}

/** An exercise of these organisations that began an hour ago and ends in one. */
export async function anExercise({ db }: Tocsin, members: readonly Actor[]): Promise<Exercise> {
  const slug = `exercise-${randomBytes(5).toString('hex')}`;
  const name = `Quiet Harbour ${slug.slice(-10)}`;
  await createRealm(db, operator('test'), {
    slug,
    name,
    from: new Date(Date.now() - 3_600_000),
    until: new Date(Date.now() + 3_600_000),
    members: members.map((member) => member.slug),
    ceiling: 'amber',
  });
  return { slug, name };
}

/** An object as it leaves an exercise. */
export function markedFor({ slug: realm, name: exercise }: Exercise, object: object): object {
  const mark = { extension_type: 'property-extension', realm, exercise };
  return { ...object, extensions: { [EXTENSION]: mark } };
}

/** The same organisation in an exercise. */
export async function playing(
  tocsin: Tocsin,
  { slug: organisation, identity }: Actor,
  { slug: realm }: Exercise,
  role: Role = 'org_admin',
): Promise<Actor> {
  const wish = { organisation, realm, role, label: 'exercise', expiresAt: null };
  const key = await createKey(tocsin.db, tocsin.keyring, wish, 'test');
  return new Actor(tocsin, { slug: organisation, identity, key });
}
