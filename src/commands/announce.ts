/** What `tocsin serve` says once it listens. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { VERSION } from '../version.ts';
import { print, printText } from './output.ts';
import type { RunningServer, ServerRole } from './serve/serve.ts';

/** One JSON line, or on a terminal a text for the person there. */
export function announce(
  config: Config,
  server: RunningServer,
  roles: readonly ServerRole[],
  isTerminal: boolean,
): void {
  const url = config.publicUrl ?? server.url;
  if (isTerminal) printText(inWords(config, { ...server, url }, roles));
  else {
    const msg = `Tocsin listens on ${url} (version ${VERSION})`;
    const { metricsUrl } = server;
    const time = new Date().toISOString();
    print({ level: 'info', time, version: VERSION, url, metricsUrl, roles, msg });
  }
}

function inWords(
  config: Config,
  { url, metricsUrl }: Pick<RunningServer, 'url' | 'metricsUrl'>,
  roles: readonly ServerRole[],
): string {
  const { databaseUrl, dataDir } = config;
  const keyFile = resolve(join(dataDir, 'admin.key'));
  const isHttp = roles.includes('http');
  const facts = [
    ['Documentation', isHttp ? `${url}/docs` : undefined],
    ['Metrics', metricsUrl && `${metricsUrl}/metrics`],
    ['Database', databaseUrl === undefined ? `embedded, in ${resolve(dataDir)}` : 'DATABASE_URL'],
    [
      'Admin key',
      existsSync(keyFile) ? `in ${keyFile}: store it safely, then delete it` : undefined,
    ],
  ];
  const lines = facts.flatMap(([name, fact]) =>
    fact === undefined ? [] : [`  ${String(name).padEnd(14)} ${fact}`],
  );
  return ['', `Tocsin ${VERSION} is running at ${url}`, '', ...lines, '', ...next(isHttp), ''].join(
    '\n',
  );
}

function next(isHttp: boolean): string[] {
  if (!isHttp) return ['This process only delivers webhooks. Press Ctrl-C to stop it.'];
  return [
    'Next, in another terminal:',
    "  npm run -s tocsin -- org create cert-a --name 'CERT A'",
    '  npm run -s tocsin -- key create --org cert-a --role publisher',
    '  npm run -s tocsin -- status',
    '',
    'docs/operators.md is the guide. Press Ctrl-C to stop.',
  ];
}
