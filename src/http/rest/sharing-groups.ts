import { z } from 'zod';
import {
  changeGroup,
  createGroup,
  join,
  leave,
  readGroup,
  readGroups,
  type GroupView,
} from '../../organisations/groups.ts';
import type { Part } from '../../store/groups.ts';
import { administratorOf, ANALYSTS, PUBLISHERS } from '../access.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from './schemas/answer.ts';
import {
  GroupAnswer,
  GroupChange,
  GroupParams,
  GroupsAnswer,
  NewGroup,
  NewPart,
  PartParams,
} from './schemas/group.ts';
import { problems } from './schemas/problem.ts';

const tags = ['Members'];
const errors = problems(400, 401, 403, 404, 409);

const create: Route = (app, services) => {
  app.post(
    '/sharing-groups',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'createSharingGroup',
        summary: 'Make a sharing group',
        description: 'Your organisation keeps it and is in it.',
        tags,
        body: NewGroup,
        response: { 201: answer('Made', GroupAnswer), ...problems(400, 401, 403, 409, 415) },
      },
    },
    async (request, reply) => {
      const { hidden_members: hiddenMembers, ...wish } = request.body;
      const by = administratorOf(request);
      const made = await createGroup(services.db, by, { ...wish, hiddenMembers });
      services.sequencer.nudge();
      reply.code(201).header('location', `${request.url}/${made.slug}`);
      return reply.send(toAnswer(made));
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/sharing-groups',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'listSharingGroups',
        summary: 'The groups that you are in, keep or may join',
        tags,
        response: { 200: answer('By slug', GroupsAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const found = await readGroups(services.db, administratorOf(request));
      return { sharing_groups: found.map(toAnswer) };
    },
  );
};

const read: Route = (app, services) => {
  app.get(
    '/sharing-groups/:slug',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'getSharingGroup',
        summary: 'One sharing group',
        tags,
        params: GroupParams,
        response: { 200: answer('As you see it', GroupAnswer), ...problems(400, 401, 403, 404) },
      },
    },
    async (request) =>
      toAnswer(await readGroup(services.db, administratorOf(request), request.params.slug)),
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/sharing-groups/:slug',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'changeSharingGroup',
        summary: 'Change a sharing group that you keep',
        tags,
        params: GroupParams,
        body: GroupChange,
        response: { 200: answer('As it stands', GroupAnswer), ...errors, ...problems(415) },
      },
    },
    async (request) => {
      const { hidden_members: hiddenMembers, ...wish } = request.body;
      const by = administratorOf(request);
      const changed = { ...wish, hiddenMembers };
      return toAnswer(await changeGroup(services.db, by, request.params.slug, changed));
    },
  );
};

const WORDS = {
  member: {
    add: { operationId: 'addGroupMember', summary: 'Bring an organisation into a group' },
    remove: { operationId: 'removeGroupMember', summary: 'Take an organisation out of a group' },
  },
  owner: {
    add: { operationId: 'addGroupOwner', summary: 'Make an organisation an owner of a group' },
    remove: { operationId: 'removeGroupOwner', summary: 'Make an organisation no owner any more' },
  },
};

function add(part: Part): Route {
  return (app, services) => {
    app.post(
      `/sharing-groups/:slug/${part}s`,
      {
        config: { access: PUBLISHERS, inExercises: true },
        schema: {
          ...WORDS[part].add,
          description: 'For owners and admins; into an open group, any organisation by itself.',
          tags,
          params: GroupParams,
          body: NewPart,
          response: { 204: z.null().meta({ description: 'It is' }), ...errors, ...problems(415) },
        },
      },
      async (request, reply) => {
        const by = administratorOf(request);
        await join(services.db, by, request.params.slug, part, request.body.organisation);
        services.sequencer.nudge();
        return reply.code(204).send(null);
      },
    );
  };
}

function remove(part: Part): Route {
  return (app, services) => {
    app.delete(
      `/sharing-groups/:slug/${part}s/:organisation`,
      {
        config: { access: PUBLISHERS, inExercises: true },
        schema: {
          ...WORDS[part].remove,
          description: 'For owners and admins, and for any organisation by itself.',
          tags,
          params: PartParams,
          response: { 204: z.null().meta({ description: 'It is not' }), ...errors },
        },
      },
      async (request, reply) => {
        const { slug, organisation } = request.params;
        await leave(services.db, administratorOf(request), slug, part, organisation);
        services.sequencer.nudge();
        return reply.code(204).send(null);
      },
    );
  };
}

/** `/sharing-groups`: named sets of organisations, kept by their owners. */
export const sharingGroups = noun(
  create,
  list,
  read,
  change,
  add('member'),
  remove('member'),
  add('owner'),
  remove('owner'),
);

function toAnswer({ hiddenMembers, members, owners, ...view }: GroupView) {
  return {
    ...view,
    hidden_members: hiddenMembers,
    members: members && [...members],
    owners: owners && [...owners],
  };
}
