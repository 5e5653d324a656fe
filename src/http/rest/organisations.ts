import { z } from 'zod';
import { deleteOrganisation } from '../../members/deletions.ts';
import { admitOrganisation } from '../../members/create.ts';
import {
  changeOrganisation,
  onlyShown,
  readDirectory,
  readOrganisation,
} from '../../members/directory.ts';
import { ADMINS, administratorOf, ANALYSTS, ORG_ADMINS } from '../auth/access.ts';
import { prefers } from '../edge/negotiation.ts';
import { sendRaw } from '../edge/raw.ts';
import { locationOf } from '../edge/location.ts';
import { noun, type Route } from '../zod-app.ts';
import { toCsv, toVcards } from './directory-export.ts';
import { answer, textAnswer } from '../document/answer.ts';
import { OrganisationParams } from './schemas/member.ts';
import { toOrganisation } from './member-answers.ts';
import {
  NewOrganisation,
  OrganisationAnswer,
  OrganisationChange,
  OrganisationsAnswer,
} from './schemas/organisation.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];

const create: Route = (app, services) => {
  app.post(
    '/organisations',
    {
      config: { access: ADMINS, body: 'list' },
      schema: {
        operationId: 'createOrganisation',
        summary: 'Create an organisation',
        description:
          'With an agreement for each community named. Those of a partner (any kind but ' +
          'allied_nation and alliance_body) have no effect before two administrators approve them.',
        tags,
        body: NewOrganisation,
        response: {
          201: answer('Made', OrganisationAnswer),
          ...problems(400, 401, 403, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const { default_tlp: defaultTlp, ...input } = request.body;
      const by = administratorOf(request);
      await admitOrganisation(services.db, { ...input, defaultTlp }, by);
      const made = toOrganisation(await readOrganisation(services.db, by, input.slug), by);
      return reply.code(201).header('location', locationOf(request, input.slug)).send(made);
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/organisations',
    {
      config: { access: ANALYSTS },
      schema: {
        operationId: 'listOrganisations',
        summary: 'List the directory of members',
        description:
          'The organisations that take part, with the contacts that each shows to all members.',
        tags,
        response: { 200: answer('Ordered by slug', OrganisationsAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const found = await readDirectory(services.db, by);
      return { organisations: found.map((one) => toOrganisation(one, by)) };
    },
  );
};

const directory: Route = (app, services) => {
  app.get(
    '/organisations/directory',
    {
      config: { access: ANALYSTS },
      schema: {
        operationId: 'exportDirectory',
        summary: 'Export the directory as CSV or vCard',
        description:
          'What every member may see, as `text/csv` or `text/vcard`. In CSV, the server ' +
          'inserts an apostrophe wherever a spreadsheet could find a formula: before `=`, `+`, ' +
          '`-`, `@` or a look-alike, at the start of a cell or after a comma, semicolon, tab, ' +
          'bar or line break in it, also if white space or quotation marks are between them. ' +
          'Remove one apostrophe at each such position to get the original text.',
        tags,
        response: { 200: DIRECTORY_ANSWER, ...problems(401, 403, 406) },
      },
    },
    async (request, reply) => {
      const type = prefers(request, ['text/csv', 'text/vcard']);
      const found = await readDirectory(services.db, administratorOf(request));
      const shown = found.filter(({ status }) => status === 'active').map(onlyShown);
      reply.header('vary', 'accept');
      const text = type === 'text/csv' ? toCsv(shown) : toVcards(shown);
      await sendRaw(reply, `${type}; charset=utf-8`, text);
    },
  );
};

const CSV_EXAMPLE = 'slug,organisation,kind\r\ncert-a,CERT A,allied_nation\r\n';
const VCARD_EXAMPLE = 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Duty officer\r\nEND:VCARD\r\n';
const DIRECTORY_ANSWER = {
  description: 'One row or card per contact',
  content: {
    ...textAnswer('', 'text/csv', CSV_EXAMPLE).content,
    ...textAnswer('', 'text/vcard', VCARD_EXAMPLE).content,
  },
};

const read: Route = (app, services) => {
  app.get(
    '/organisations/:slug',
    {
      config: { access: ANALYSTS },
      schema: {
        operationId: 'getOrganisation',
        summary: 'Get an organisation',
        tags,
        params: OrganisationParams,
        response: {
          200: answer('The organisation, as you may see it', OrganisationAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      return toOrganisation(await readOrganisation(services.db, by, request.params.slug), by);
    },
  );
};

const change: Route = (app, services) => {
  app.patch(
    '/organisations/:slug',
    {
      config: { access: ORG_ADMINS, body: 'list' },
      schema: {
        operationId: 'changeOrganisation',
        summary: 'Change an organisation',
        description:
          'Its org_admin can change name, contacts and defaults; an admin can change ' +
          'everything. An organisation that is suspended receives withdrawals of what it saw; ' +
          'one that is active again receives the current objects.',
        tags,
        params: OrganisationParams,
        body: OrganisationChange,
        response: {
          200: answer('As it stands', OrganisationAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request) => {
      const { db, clock, sequencer } = services;
      const by = administratorOf(request);
      const input = toChange(request.body);
      const changed = await changeOrganisation(db, by, request.params.slug, input, clock.now());
      sequencer.nudge();
      return toOrganisation(changed, by);
    },
  );
};

const remove: Route = (app, services) => {
  app.delete(
    '/organisations/:slug',
    {
      config: { access: ADMINS },
      schema: {
        operationId: 'deleteOrganisation',
        summary: 'Delete an organisation for which nobody has acted',
        description:
          'With its agreements. One that has keys, users, objects or entries of the audit can be ' +
          'suspended instead.',
        tags,
        params: OrganisationParams,
        response: {
          204: z.null().meta({ description: 'Deleted' }),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      await deleteOrganisation(services.db, administratorOf(request), request.params.slug);
      return reply.code(204).send(null);
    },
  );
};

/** `/organisations`: who is a member, and how it is reached. */
export const organisations = noun(create, list, directory, read, change, remove);

function toChange(body: z.infer<typeof OrganisationChange>) {
  const { default_community: defaultCommunity, default_tlp: defaultTlp, contacts, ...rest } = body;
  return {
    ...rest,
    defaultCommunity,
    defaultTlp,
    contacts: contacts?.map(({ pgp_key: pgpKey, smime_certificate: smimeCertificate, ...one }) => ({
      ...one,
      pgpKey,
      smimeCertificate,
    })),
  };
}
