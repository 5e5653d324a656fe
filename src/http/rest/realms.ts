import type { Administrator } from '../../access/administer.ts';
import {
  archiveRealm,
  createRealm,
  readRealm,
  readRealms,
  wipeRealm,
} from '../../members/realms.ts';
import { ADMINS, administratorOf, ANALYSTS } from '../auth/access.ts';
import { locationOf } from '../edge/location.ts';
import { noun, type Route } from '../zod-app.ts';
import { toRealm } from './member-answers.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import { NewRealm, RealmAnswer, RealmEnd, RealmParams, RealmsAnswer } from './schemas/realm.ts';

const tags = ['Exercises'];

const create: Route = (app, services) => {
  app.post(
    '/realms',
    {
      config: { access: ADMINS, body: 'list' },
      schema: {
        operationId: 'createRealm',
        summary: 'Create an exercise',
        description:
          'With a community of all who take part, and an agreement for each of them; that of a ' +
          'partner waits for two approvals. Make keys with `realm` for it.',
        tags,
        body: NewRealm,
        response: { 201: answer('Made', RealmAnswer), ...problems(400, 401, 403, 409, 415) },
      },
    },
    async (request, reply) => {
      const made = await createRealm(services.db, administratorOf(request), request.body);
      reply.code(201).header('location', locationOf(request, made.slug));
      return reply.send(toRealm(made));
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/realms',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'listRealms',
        summary: 'List the exercises that you take part in',
        description: 'An admin sees all exercises. Production is not an exercise.',
        tags,
        response: { 200: answer('Newest first', RealmsAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const found = await readRealms(services.db, administratorOf(request));
      return { realms: found.map(toRealm) };
    },
  );
};

const read: Route = (app, services) => {
  app.get(
    '/realms/:slug',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'getRealm',
        summary: 'Get an exercise',
        tags,
        params: RealmParams,
        response: { 200: answer('As it stands', RealmAnswer), ...problems(400, 401, 403, 404) },
      },
    },
    async (request) =>
      toRealm(await readRealm(services.db, administratorOf(request), request.params.slug)),
  );
};

const ENDS = {
  archive: {
    verb: archiveRealm,
    operationId: 'archiveRealm',
    summary: 'Make an exercise read-only permanently',
    description: 'If it is already archived, nothing changes.',
  },
  wipe: {
    verb: wipeRealm,
    operationId: 'wipeRealm',
    summary: 'Delete the content of an archived exercise permanently',
    description:
      'Deletes its objects, its part of the log, its subscriptions and groups, and ends ' +
      'its keys and agreements. The audit stays, and a record of when, by whom and why.',
  },
};

function end(how: keyof typeof ENDS): Route {
  const { verb, ...words } = ENDS[how];
  return (app, services) => {
    app.post(
      `/realms/:slug/${how}`,
      {
        config: { access: ADMINS },
        schema: {
          ...words,
          tags,
          params: RealmParams,
          body: RealmEnd,
          response: {
            200: answer('As it stands', RealmAnswer),
            ...problems(400, 401, 403, 404, 409, 415),
          },
        },
      },
      async (request) => {
        const by: Administrator = administratorOf(request);
        return toRealm(await verb(services.db, by, request.params.slug, request.body.reason));
      },
    );
  };
}

/** `/realms`: exercises, apart from production and from one another. */
export const realms = noun(create, list, read, end('archive'), end('wipe'));
