/** Who takes part in requests of every kind. */
import { anActor, slug, type Actor } from './actors.ts';
import type { Tocsin } from './tocsin.ts';

export interface Cast {
  readonly tocsin: Tocsin;
  readonly admin: Actor;
  /** An org_admin. */
  readonly chief: Actor;
  readonly other: Actor;
}

export interface WritingRequest {
  readonly who: Actor;
  readonly path: string;
  readonly body?: object | string | Buffer;
  readonly type?: string;
}

export type Arrange = (cast: Cast) => Promise<WritingRequest>;

/** Makes something by a request, and returns the member of the answer that names it. */
export async function made(
  who: Actor,
  path: string,
  body: object,
  member: string,
): Promise<string> {
  const answer = await who.sends('post', path).send(body);
  if (answer.status > 299) throw new Error(`${path}: ${answer.text}`);
  return String((answer.body as Record<string, unknown>)[member]);
}

export const named = (stem: string) => {
  const name = slug(stem);
  return { slug: name, name };
};
/** A member that no other test has. */
export async function aCast(tocsin: Tocsin): Promise<Cast> {
  const admin = await anActor(tocsin, { role: 'admin' });
  return { tocsin, admin, chief: await anActor(tocsin), other: await anActor(tocsin) };
}
