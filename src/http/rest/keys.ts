import { z } from 'zod';
import { mintKey, readKeys, refuseEnded, revokeKey, rotateKey } from '../../access/key-acts.ts';
import { administratorOf, memberOf, ORG_ADMINS } from '../auth/access.ts';
import { pageOf } from './page.ts';
import { locationOf } from '../edge/location.ts';
import { noun, type Route } from '../zod-app.ts';
import { toKey, toMintedKey } from './member-answers.ts';
import { answer } from '../document/answer.ts';
import {
  KeyParams,
  KeyRotation,
  KeysAnswer,
  KeysQuery,
  MintedKeyAnswer,
  NewKey,
} from './schemas/key.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];
const config = { access: ORG_ADMINS, inExercises: true };

const create: Route = (app, services) => {
  app.post(
    '/keys',
    {
      config,
      schema: {
        operationId: 'createKey',
        summary: 'Create a key',
        description:
          'An org_admin creates keys for its own organisation, with a role no stronger than its ' +
          'own. A key that you create with a key has the same networks and end, or narrower ones, ' +
          'and is revoked with it; one that you create as a user is revoked when you are disabled.',
        tags,
        body: NewKey,
        response: {
          201: answer('Created; the key is shown only once', MintedKeyAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const { realm, role, label, networks, expires_at: expiresAt } = request.body;
      const organisation = request.body.organisation ?? memberOf(request).organisation.slug;
      const by = administratorOf(request);
      refuseEnded(expiresAt, services.clock.now());
      const minted = await mintKey(services, by, {
        organisation,
        realm,
        role,
        label,
        networks,
        expiresAt,
        quota: services.quotas.keys,
      });
      const made = toMintedKey(minted);
      return reply.code(201).header('location', locationOf(request, made.id)).send(made);
    },
  );
};

const list: Route = (app, services) => {
  app.get(
    '/keys',
    {
      config,
      schema: {
        operationId: 'listKeys',
        summary: 'List keys',
        description:
          'An admin sees every key. An org_admin sees the keys of its organisation with a role ' +
          'no stronger than its own.',
        tags,
        querystring: KeysQuery,
        response: { 200: answer('Newest first', KeysAnswer), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const { organisation, created_by: createdBy, after, limit } = request.query;
      const search = { organisation, createdBy, after, limit: limit + 1 };
      const { page, next } = pageOf(await readKeys(services.db, by, search), limit);
      return { keys: page.map(toKey), next };
    },
  );
};

const revoke: Route = (app, services) => {
  app.delete(
    '/keys/:id',
    {
      config,
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key at once',
        description:
          'Every key that was created with it is revoked too, including the successor if the ' +
          'key rotated itself, and even if the key has already ended. Open streams end within ' +
          'a second. To replace a key without revoking the keys that it created, rotate it ' +
          'with an overlap, and let the overlap end.',
        tags,
        params: KeyParams,
        response: {
          204: z.null().meta({ description: 'The key is revoked' }),
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      await revokeKey(services.db, administratorOf(request), request.params.id, now);
      return reply.code(204).send(null);
    },
  );
};

const rotate: Route = (app, services) => {
  app.post(
    '/keys/:id/rotate',
    {
      config,
      schema: {
        operationId: 'rotateKey',
        summary: 'Rotate a key',
        description:
          'Creates a key with the same rights, to which the keys that the old one created ' +
          'belong from then on. The old one remains valid for a while. The new one ends with ' +
          'the key or user that rotated it. If a key rotates itself, its successor has the ' +
          'same parent, and is revoked if the old key is revoked.',
        tags,
        params: KeyParams,
        body: KeyRotation,
        response: {
          201: answer('Created; the key is shown only once', MintedKeyAnswer),
          ...problems(400, 401, 403, 404, 409, 415),
        },
      },
    },
    async (request, reply) => {
      const now = services.clock.now();
      const overlapSeconds = request.body.overlap_seconds;
      const by = administratorOf(request);
      const rotation = { now, overlapSeconds, quota: services.quotas.keys };
      const minted = await rotateKey(services, by, request.params.id, rotation);
      return reply.code(201).send(toMintedKey(minted));
    },
  );
};

/** `/keys`: who may come in, and as what. */
export const keys = noun(create, list, revoke, rotate);
