/**
 * Answers a request whose path exists and whose method does not: OPTIONS with the methods that the
 * path allows, any other with 405 (RFC 9110 §15.5.6). It reads no body, asks for no key and looks
 * nothing up: the answer depends on the table of routes, which is public, and on nothing else.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import { dropRest } from '../body/rest-of-body.ts';
import { nearestName } from '../../spelling.ts';

interface Pattern {
  readonly segments: readonly string[];
  readonly matches: RegExp;
  readonly methods: ReadonlySet<string>;
}

export interface MethodTable {
  /** The methods that a path allows, sorted; empty where there is no such path. */
  allowed(url: string): string[];
  /** The path of a route that differs from this one in the spelling of a few letters. */
  similar(url: string): string | undefined;
}

/** Collects the methods of every route that is added from now on. */
export function collectMethods(app: FastifyInstance): MethodTable {
  const patterns = new Map<string, Set<string>>();
  let compiled: Pattern[] | undefined;
  app.addHook('onRoute', ({ url, method }) => {
    const methods = patterns.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    patterns.set(url, methods);
    compiled = undefined;
  });
  const all = (): Pattern[] =>
    (compiled ??= [...patterns].map(([path, methods]) => ({
      segments: path.split('/'),
      matches: toRegExp(path),
      methods,
    })));
  return {
    similar: (url) => similarPath(all(), pathOf(url)),
    allowed: (url) => {
      const path = pathOf(url);
      const found = all().filter(({ matches }) => matches.test(path));
      const methods = new Set(found.flatMap((pattern) => [...pattern.methods]));
      return methods.size === 0 ? [] : [...methods, 'OPTIONS'].toSorted();
    },
  };
}

/** Whether the request was answered: it asked for the methods of a path. Throws Problem. */
export function answerMethod(
  table: MethodTable,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  // An asterisk asks whether the server answers at all (RFC 9110 §9.3.7); no path has its methods.
  const isOfServer = request.method === 'OPTIONS' && request.url === '*';
  const allowed = table.allowed(request.url);
  if (allowed.length === 0 && !isOfServer) return false;
  if (!isOfServer) reply.header('allow', allowed.join(', '));
  if (request.method !== 'OPTIONS') {
    throw new Problem(
      'method_not_allowed',
      `${request.method} is not available here. Available methods: ${allowed.join(', ')}.`,
      { path: 'method' },
    );
  }
  reply.code(204);
  dropRest(request, reply, () => void reply.send());
  return true;
}

/** Where the endpoints of REST are; clients forget it. */
const PREFIX = '/api/v1';
const SEGMENTS_MAX = 8;

function similarPath(patterns: readonly Pattern[], path: string): string | undefined {
  const prefixed = `${PREFIX}${path}`;
  if (patterns.some(({ matches }) => matches.test(prefixed))) return prefixed;
  const given = path.split('/', SEGMENTS_MAX + 1);
  const found = patterns.flatMap(({ segments }) => corrected(given, segments) ?? []);
  return found.toSorted((a, b) => a.changed - b.changed)[0]?.path;
}

/** The path with its misspelt segments as the pattern has them; undefined where others differ. */
function corrected(
  given: readonly string[],
  segments: readonly string[],
): { readonly path: string; readonly changed: number } | undefined {
  if (given.length !== segments.length) return undefined;
  let changed = 0;
  const path = given.map((name, i) => {
    const known = segments[i] ?? '';
    if (known === name || known.startsWith(':')) return name;
    changed++;
    return nearestName(name, [known]);
  });
  return path.includes(undefined) ? undefined : { path: path.join('/'), changed };
}

/** A trailing slash does not matter, as in the router. */
function pathOf(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1);
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** Of `/keys/:id`, what the router would match. */
function toRegExp(pattern: string): RegExp {
  const source = pathOf(pattern)
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/:\w+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source}$`);
}
