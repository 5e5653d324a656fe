import { z } from 'zod';
import {
  changeGroup,
  createGroup,
  join,
  leave,
  type GroupContext,
  readGroup,
  readGroupInvitations,
  readGroups,
} from '../../members/groups.ts';
import type { Part } from '../../store/members/groups.ts';
import { administratorOf, ANALYSTS, PUBLISHERS } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { locationOf } from '../edge/location.ts';
import { noun, type Route } from '../zod-app.ts';
import { toGroup, toGroupInvitation } from './member-answers.ts';
import { answer } from '../document/answer.ts';
import {
  GroupAnswer,
  GroupChange,
  GroupInvitationsAnswer,
  GroupParams,
  GroupsAnswer,
  NewGroup,
  NewPart,
  PartParams,
} from './schemas/group.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];
const errors = problems(400, 401, 403, 404, 409);

const create: Route = (app, services) => {
  app.post(
    '/sharing-groups',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'createSharingGroup',
        summary: 'Create a sharing group',
        description:
          'The server appends a random ending to the slug that you send; use the slug in the ' +
          'answer. Your organisation owns the group and is a member. The other members and ' +
          'owners are invited; if `admission` is `direct`, they become members at once. An ' +
          'administrator appoints owners directly.',
        tags,
        body: NewGroup,
        response: { 201: answer('Created', GroupAnswer), ...problems(400, 401, 403, 409, 415) },
      },
    },
    async (request, reply) => {
      const { hidden_members: hiddenMembers, ...input } = request.body;
      const by = administratorOf(request);
      const made = await createGroup(context(services), by, { ...input, hiddenMembers });
      services.sequencer.nudge();
      reply.code(201).header('location', locationOf(request, made.slug));
      return reply.send(toGroup(made));
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
        summary: 'List the groups that you are in, own, are invited to or may join',
        tags,
        response: { 200: answer('Ordered by slug', GroupsAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const found = await readGroups(services.db, administratorOf(request));
      return { sharing_groups: found.map(toGroup) };
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
        summary: 'Get a sharing group',
        tags,
        params: GroupParams,
        response: {
          200: answer('The group, as you may see it', GroupAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) =>
      toGroup(await readGroup(services.db, administratorOf(request), request.params.slug)),
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/sharing-groups/:slug',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'changeSharingGroup',
        summary: 'Change a sharing group that you own',
        tags,
        params: GroupParams,
        body: GroupChange,
        response: { 200: answer('As it stands', GroupAnswer), ...errors, ...problems(415) },
      },
    },
    async (request) => {
      const { hidden_members: hiddenMembers, ...input } = request.body;
      const by = administratorOf(request);
      const changed = { ...input, hiddenMembers };
      return toGroup(await changeGroup(services.db, by, request.params.slug, changed));
    },
  );
};

const WORDS = {
  member: {
    add: {
      operationId: 'addGroupMember',
      summary: 'Invite an organisation into a group, join it, or accept an invitation',
    },
    remove: {
      operationId: 'removeGroupMember',
      summary: 'Remove an organisation from a group, leave it, or decline an invitation',
    },
  },
  owner: {
    add: {
      operationId: 'addGroupOwner',
      summary: 'Invite an organisation to own a group, or accept an invitation',
    },
    remove: {
      operationId: 'removeGroupOwner',
      summary: 'Remove an owner of a group, or decline an invitation',
    },
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
          description:
            'Owners and admins invite other organisations (202), which are then members when they ' +
            'accept; where `admission` is `direct`, or an admin appoints an owner, no invitation is ' +
            'needed (200). Your own organisation accepts its invitation, or joins an open group (200).',
          tags,
          params: GroupParams,
          body: NewPart,
          response: {
            200: answer('The organisation is in the group; the group as you see it', GroupAnswer),
            202: answer('The organisation is invited; the group as you see it', GroupAnswer),
            ...errors,
            ...problems(415),
          },
        },
      },
      async (request, reply) => {
        const by = administratorOf(request);
        const { slug } = request.params;
        const { organisation } = request.body;
        const joining = await join(context(services), by, slug, part, organisation);
        services.sequencer.nudge();
        const group = toGroup(await readGroup(services.db, by, slug));
        return reply.code(joining === 'invited' ? 202 : 200).send(group);
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
          description:
            'Owners and admins can remove any organisation, or withdraw its invitation. Your own ' +
            'organisation can leave, or decline its invitation.',
          tags,
          params: PartParams,
          response: { 204: z.null().meta({ description: 'It is not in the group' }), ...errors },
        },
      },
      async (request, reply) => {
        const { slug, organisation } = request.params;
        await leave(services, administratorOf(request), slug, part, organisation);
        services.sequencer.nudge();
        return reply.code(204).send(null);
      },
    );
  };
}

const invitations: Route = (app, services) => {
  app.get(
    '/sharing-group-invitations',
    {
      config: { access: ANALYSTS, inExercises: true },
      schema: {
        operationId: 'listSharingGroupInvitations',
        summary: 'List the invitations into sharing groups that you have not answered',
        description:
          'Accept with `POST /sharing-groups/{slug}/members` (or `owners`) for your own organisation; ' +
          'decline with `DELETE`.',
        tags,
        response: {
          200: answer('Newest first', GroupInvitationsAnswer),
          ...problems(401, 403),
        },
      },
    },
    async (request) => {
      const found = await readGroupInvitations(services.db, administratorOf(request));
      return { invitations: found.map(toGroupInvitation) };
    },
  );
};

/** `/sharing-groups`: named sets of organisations, maintained by their owners. */
export const sharingGroups = noun(
  create,
  list,
  read,
  change,
  add('member'),
  remove('member'),
  add('owner'),
  remove('owner'),
  invitations,
);

function context({ db, quotas }: Services): GroupContext {
  return { db, quotas: quotas.groups };
}
