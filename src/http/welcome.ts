/**
 * `/`: where the link of an invitation leads. The page, its style and its script are files of this
 * server, read at start; nothing else is loaded, and nobody may frame it.
 */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const DIRECTORY = new URL('welcome/', import.meta.url);

const FILES = [
  { path: '/', file: 'welcome.html', type: 'text/html' },
  { path: '/welcome.css', file: 'welcome.css', type: 'text/css' },
  { path: '/welcome.js', file: 'welcome.js', type: 'text/javascript' },
] as const;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

export async function welcome(app: FastifyInstance): Promise<void> {
  for (const { path, file, type } of FILES) {
    const content = await readFile(new URL(file, DIRECTORY), 'utf8');
    app.get(path, { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply
        .header('content-type', `${type}; charset=utf-8`)
        .header('content-security-policy', POLICY)
        .send(content),
    );
  }
}
