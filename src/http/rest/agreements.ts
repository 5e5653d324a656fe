import {
  giveApproval,
  makeAgreement,
  readAgreements,
  stopAgreement,
} from '../../members/agreements.ts';
import { ADMINS, administratorOf, ORG_ADMINS } from '../auth/access.ts';
import { noun, type Route } from '../zod-app.ts';
import { toAgreement } from './member-answers.ts';
import {
  AgreementAnswer,
  AgreementParams,
  AgreementsAnswer,
  AgreementsQuery,
  NewAgreement,
} from './schemas/agreement.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];

const create: Route = (app, services) => {
  app.post(
    '/agreements',
    {
      config: { access: ADMINS, body: 'list' },
      schema: {
        operationId: 'createAgreement',
        summary: 'Create an agreement',
        description:
          'The dates, the community and the TLP ceiling with which an organisation takes part. ' +
          'An agreement with a partner has no effect until two administrators have approved ' +
          'it.',
        tags,
        body: NewAgreement,
        response: {
          201: answer('Made', AgreementAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const { valid_from: validFrom, valid_until: validUntil, ...input } = request.body;
      const by = administratorOf(request);
      const now = services.clock.now();
      const made = await makeAgreement(services.db, by, { ...input, validFrom, validUntil }, now);
      services.sequencer.nudge();
      return reply.code(201).send(toAgreement(made));
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/agreements',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'listAgreements',
        summary: 'List agreements',
        description: 'An admin sees all of them, an org_admin those of its organisation.',
        tags,
        querystring: AgreementsQuery,
        response: { 200: answer('Newest first', AgreementsAnswer), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const found = await readAgreements(services.db, by, request.query.organisation);
      return { agreements: found.map(toAgreement) };
    },
  );
};

const approve: Route = (app, services) => {
  app.post(
    '/agreements/:id/approvals',
    {
      config: { access: ADMINS },
      schema: {
        operationId: 'approveAgreement',
        summary: 'Approve an agreement with a partner',
        description:
          'It takes effect with the second approval, by another administrator. A key that was ' +
          'created or rotated with the key of the first one counts as the same administrator.',
        tags,
        params: AgreementParams,
        response: {
          200: answer('As it stands', AgreementAnswer),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const { db, clock, sequencer } = services;
      const by = administratorOf(request);
      const approved = await giveApproval(db, by, request.params.id, clock.now());
      sequencer.nudge();
      return toAgreement(approved);
    },
  );
};

const end: Route = (app, services) => {
  app.post(
    '/agreements/:id/end',
    {
      config: { access: ADMINS },
      schema: {
        operationId: 'endAgreement',
        summary: 'End an agreement now',
        description:
          'The organisation receives withdrawals of objects that it could see only under this agreement.',
        tags,
        params: AgreementParams,
        response: {
          200: answer('As it stands', AgreementAnswer),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const { db, clock, sequencer } = services;
      const by = administratorOf(request);
      const ended = await stopAgreement(db, by, request.params.id, clock.now());
      sequencer.nudge();
      return toAgreement(ended);
    },
  );
};

/** `/agreements`: under what organisations take part. */
export const agreements = noun(create, list, approve, end);
