/**
 * `/`: where the link of an invitation leads, and where users sign in. The page, its style and its
 * scripts are files of this server, read at start; nothing else is loaded, and nobody may frame it.
 */
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const DIRECTORY = new URL('welcome/', import.meta.url);

const SCRIPTS = [
  '',
  '-api',
  '-identity',
  '-invitation',
  '-qr',
  '-second-factor',
  '-sign-in',
  '-view',
];

const FILES: readonly { readonly path: string; readonly url: URL; readonly type: string }[] = [
  { path: '/', url: new URL('welcome.html', DIRECTORY), type: 'text/html' },
  { path: '/welcome.css', url: new URL('welcome.css', DIRECTORY), type: 'text/css' },
  ...SCRIPTS.map((name) => ({
    path: `/welcome${name}.js`,
    url: new URL(`welcome${name}.js`, DIRECTORY),
    type: 'text/javascript',
  })),
  {
    path: '/welcome-qrcode-generator.js',
    url: new URL(import.meta.resolve('qrcode-generator')),
    type: 'text/javascript',
  },
];

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

export async function welcome(app: FastifyInstance): Promise<void> {
  for (const { path, url, type } of FILES) {
    const content = await readFile(url, 'utf8');
    app.get(path, { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply
        .header('content-type', `${type}; charset=utf-8`)
        .header('content-security-policy', POLICY)
        .send(content),
    );
  }
}
