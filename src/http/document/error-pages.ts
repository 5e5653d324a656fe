/**
 * `/docs/errors/<code>`: the page of each code (docs/errors), where the `type` of a problem leads
 * (RFC 9457 §3.1.1). All pages are read at start and looked up by code: no request names a file.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { toHtml } from './markdown.ts';
import { prefers } from '../edge/negotiation.ts';

const DIRECTORY = new URL('../../../docs/errors/', import.meta.url);
const PAGE = /^([a-z0-9_]+)\.md$/;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export async function errorPages(app: FastifyInstance): Promise<void> {
  const pages = await readPages();
  const list = [...pages.keys()].map((code) => `- [${code}](/docs/errors/${code})\n`).join('');
  app.get('/', { schema: { hide: true } }, (request, reply) =>
    sendPage(request, reply, 'Error codes', `# Error codes\n\n${list}`),
  );
  app.get<{ Params: { code: string } }>('/:code', { schema: { hide: true } }, (request, reply) => {
    // The pages refer to one another as files.
    const code = request.params.code.replace(/\.md$/, '');
    const page = pages.get(code);
    if (page === undefined) throw new Problem('not_found', 'There is no such code');
    return sendPage(request, reply, code, page);
  });
}

/** The pages by code, in the order of codes. */
async function readPages(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const file of (await readdir(DIRECTORY)).toSorted()) {
    const [, code] = PAGE.exec(file) ?? [];
    if (code !== undefined) pages.set(code, await readFile(new URL(file, DIRECTORY), 'utf8'));
  }
  return pages;
}

function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  title: string,
  markdown: string,
): FastifyReply {
  const type = prefers(request, ['text/html', 'text/markdown']);
  reply.header('content-type', `${type}; charset=utf-8`).header('vary', 'accept');
  reply.header('content-security-policy', POLICY);
  return reply.send(type === 'text/html' ? toHtml(title, markdown) : markdown);
}
