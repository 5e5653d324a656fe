/** Answers to the same request about different things, so that they can be compared. */
import { slug, type Actor } from '../support/actors.ts';

type Method = Parameters<Actor['sends']>[0];
/** A request about one thing, by its name, and names of a hidden one and of one that nobody has. */
export type Question = readonly [Method, (name: string) => string, ((name: string) => object)?];

/** A slug of the same length that nobody has, so that answers have the same length. */
export function otherThan(name: string): string {
  const digits = slug('').slice(1);
  return name.slice(0, -digits.length) + digits;
}

/** What differs from one answer to the next, whatever was asked. */
const OWN_HEADERS = new Set(['date', 'ratelimit', 'x-request-id']);

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** An answer, with the name that was asked about and the request's own id taken out. */
export async function answerTo(
  who: Actor,
  [method, path, body]: Question,
  name: string,
): Promise<Answer> {
  const asked = who.sends(method, path(name));
  const response = await (body === undefined ? asked : asked.send(body(name)));
  const { instance } = response.body as { instance?: string };
  const plain = (text: string): string =>
    text.replaceAll(name, 'NAME').replaceAll(instance ?? 'no instance', 'INSTANCE');
  const headers = Object.entries(response.headers as Record<string, string>)
    .filter(([key]) => !OWN_HEADERS.has(key))
    .map(([key, value]) => `${key}: ${plain(value)}`);
  return { status: response.status, headers, body: plain(response.text) };
}

/** The random ending of the slug of a group, in an answer without the name that was asked for. */
export const ENDING = /NAME-[0-9a-hjkmnp-tv-z]{6}\b/;

export function withoutEnding(answer: Answer): Answer {
  const plain = (text: string): string => text.replaceAll(new RegExp(ENDING, 'g'), 'NAME-ENDING');
  return { ...answer, headers: answer.headers.map(plain), body: plain(answer.body) };
}

/** Every request that names an organisation; `group` is one that who asks owns. */
export function aboutOrganisation(group: () => string): readonly Question[] {
  return [
    ['get', (name) => `/organisations/${name}`],
    ['delete', (name) => `/organisations/${name}`],
    ['get', (name) => `/organisations/${name}/logo`],
    ['delete', (name) => `/organisations/${name}/logo`],
    ['get', (name) => `/organisations/${name}/quotas`],
    ['patch', (name) => `/organisations/${name}`, () => ({ name: 'Mine' })],
    ['get', (name) => `/keys?organisation=${name}`],
    ['get', (name) => `/users?organisation=${name}`],
    ['get', (name) => `/agreements?organisation=${name}`],
    ['post', () => '/keys', (organisation) => ({ organisation, role: 'feed' })],
    [
      'post',
      () => '/users',
      (organisation) => ({ organisation, role: 'analyst', name: 'x', email: 'x@example.org' }),
    ],
    ...(['members', 'owners'] as const).flatMap((part): Question[] => [
      ['post', () => '/sharing-groups', (name) => ({ slug: slug('g'), name: 'x', [part]: [name] })],
      ['post', () => `/sharing-groups/${group()}/${part}`, (organisation) => ({ organisation })],
      ['delete', (name) => `/sharing-groups/${group()}/${part}/${name}`],
    ]),
  ];
}
