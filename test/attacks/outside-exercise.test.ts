/** From an exercise, organisations outside it are answered, byte for byte, as names that nobody has. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle } from '../support/builders.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { aboutOrganisation, answerTo, otherThan, type Question } from './answers.ts';

let tocsin: Tocsin;
let player: Actor;
let group: string;
let outside: Actor;
let inside: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const member = await anActor(tocsin);
  [inside, outside] = [await anActor(tocsin), await anActor(tocsin)];
  player = await playing(tocsin, member, await anExercise(tocsin, [member, inside]));
  group = await createGroup(player);
});
afterAll(() => tocsin.close());

const QUESTIONS: readonly Question[] = [
  ...aboutOrganisation(() => group),
  ['post', () => '/audiences/preview', (name) => ({ audience: [name] })],
  ['post', (name) => `/bundles?audience=${name}`, () => bundle([])],
];

it.each(QUESTIONS.map((question) => [question[0], question[1], question] as const))(
  '%s %s',
  async (_, __, question) => {
    const known = await answerTo(player, question, outside.slug);
    expect(known).toEqual(await answerTo(player, question, otherThan(outside.slug)));
  },
);

it('and the table would tell: an organisation in the exercise is answered differently', async () => {
  const question: Question = ['delete', (name) => `/sharing-groups/${group}/members/${name}`];
  const seen = await answerTo(player, question, inside.slug);
  expect(seen).not.toEqual(await answerTo(player, question, otherThan(inside.slug)));
});
