import { auditSigners } from '../../audit/checkpoint.ts';
import { vkeyOf } from '../../audit/note.ts';
import {
  proveConsistency,
  proveInclusion,
  provePart,
  readAudit,
  readCheckpoint,
} from '../../audit/read.ts';
import { memberOf, ORG_ADMINS, READERS } from '../auth/access.ts';
import { prefers } from '../edge/negotiation.ts';
import { sendRaw } from '../edge/raw.ts';
import { noun, type Route } from '../zod-app.ts';
import { toAuditEntry } from './member-answers.ts';
import { answer, textAnswer } from '../document/answer.ts';
import {
  AuditAnswer,
  AuditQuery,
  CheckpointAnswer,
  PartAnswer,
  PartQuery,
  ProofAnswer,
  ProofQuery,
} from './schemas/audit.ts';
import { problems } from '../document/problems.ts';

const tags = ['Audit'];

const NOTE_EXAMPLE =
  'tocsin/7d0f6f0e-53e8-4f0c-9d5e-2f3f9f1f8a11\n18211\n' +
  'oRscWeQXQYaT1LkuR4h4M/PFEBznG0CIwVqbDGJqArk=\n' +
  'parts 64 9XkchvZo6P…=\nsigned 2030-01-31T23:59:59.000000Z\nprevious 18190\n\n— tocsin/7d0f6f0e-… BeDIHy…\n';
const CHECKPOINT = 'The newest checkpoint (C2SP tlog-checkpoint)';

const read: Route = (app, services) => {
  app.get(
    '/audit',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'getAudit',
        summary: 'List entries of the audit',
        description:
          'The audit records who did and received what. An org_admin sees the entries about ' +
          'its own organisation, an admin all. An entry appears here when it is in the tree, ' +
          'within seconds.',
        tags,
        querystring: AuditQuery,
        response: { 200: answer('Entries in the order of the tree', AuditAnswer), ...errors() },
      },
    },
    async (request) => {
      const { from, limit } = request.query;
      const found = await readAudit(services.db, memberOf(request), { from, limit: limit + 1 });
      const entries = found.slice(0, limit);
      return {
        entries: entries.map(toAuditEntry),
        next: (entries.at(-1)?.position ?? from - 1) + 1,
        more: found.length > limit,
      };
    },
  );
};

const checkpoint: Route = (app, services) => {
  app.get(
    '/audit/checkpoint',
    {
      config: { access: READERS },
      schema: {
        operationId: 'getAuditCheckpoint',
        summary: 'Get the signed head of the audit',
        description:
          'Store it: with an older checkpoint you can prove whether the audit was altered ' +
          'since. `application/json` also has the public keys.',
        tags,
        response: {
          200: {
            description: CHECKPOINT,
            content: {
              ...textAnswer(CHECKPOINT, 'text/plain', NOTE_EXAMPLE).content,
              ...answer(CHECKPOINT, CheckpointAnswer).content,
            },
          },
          ...problems(401, 403, 406, 503),
        },
      },
    },
    async (request, reply) => {
      const type = prefers(request, ['text/plain', 'application/json']);
      const note = await readCheckpoint(services.db);
      const signers = await auditSigners(services.db, services.keyring);
      const whole = { checkpoint: note, keys: signers.map(vkeyOf) };
      const body = type === 'text/plain' ? note : JSON.stringify(whole);
      await sendRaw(reply, `${type}; charset=utf-8`, body);
    },
  );
};

const prove: Route = (app, services) => {
  app.get(
    '/audit/proof',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'getAuditProof',
        summary: 'Prove an entry, or that nothing was altered',
        description:
          'With `position`: that this entry, which you may read, is in the tree of `size` leaves. ' +
          'With `from`: that the tree of `from` leaves is the beginning of the one of `size`.',
        tags,
        querystring: ProofQuery,
        response: { 200: answer('The hashes', ProofAnswer), ...errors(), ...problems(404) },
      },
    },
    async (request) => {
      const { position, from, size } = request.query;
      if (position === undefined) {
        const hashes = await proveConsistency(services.db, { older: from ?? 0, newer: size });
        return { from, size, hashes: hashes.map(inBase64) };
      }
      const proof = await proveInclusion(services.db, memberOf(request), { position, size });
      const { leaf, hashes } = proof;
      return { position, size, leaf: inBase64(leaf), hashes: hashes.map(inBase64) };
    },
  );
};

const part: Route = (app, services) => {
  app.get(
    '/audit/part',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'getAuditPart',
        summary: "Prove that your organisation's part is complete",
        description:
          'The checkpoint of `size` leaves signs the number of leaves about your organisation, ' +
          'and the head of the chain of hashes over them. The answer also lists those leaves, ' +
          'with or without text.',
        tags,
        querystring: PartQuery,
        response: {
          200: answer('The proof and a page of leaves', PartAnswer),
          ...errors(),
          ...problems(404),
        },
      },
    },
    async (request) => {
      const { size, from, limit } = request.query;
      const member = memberOf(request);
      const found = await provePart(services.db, member, { size, from, limit: limit + 1 });
      const { slots, count, head, blind, hashes } = found.part;
      const leaves = found.leaves.slice(0, limit);
      return {
        organisation: member.viewer.organisationId,
        size,
        part: {
          slots,
          count,
          head: inBase64(head),
          blind: inBase64(blind),
          hashes: hashes.map(inBase64),
        },
        leaves: leaves.map(({ entryHash, ...leaf }) => ({
          ...leaf,
          entry_hash: Buffer.from(entryHash).toString('hex'),
        })),
        next: (leaves.at(-1)?.position ?? from - 1) + 1,
        more: found.leaves.length > limit,
      };
    },
  );
};

/** `/audit`: the record of all acts and disclosures, and proof that it is complete. */
export const audit = noun(read, checkpoint, prove, part);

function errors() {
  return problems(400, 401, 403);
}

function inBase64(hash: Buffer): string {
  return hash.toString('base64');
}
