/** The arrows that `npm run check` must refuse and those that it must let pass. */
import type { Case } from './check-offences.ts';
import type { Files } from './check-sample.ts';

/** The whole drawing, folder by folder, written down a second time to hold the settings against. */
const drawing: Record<string, string> = {
  stix: '',
  concurrency: '',
  formats: 'stix',
  sharing: 'stix',
  search: 'stix',
  egress: '',
  store: 'concurrency stix sharing search',
  log: 'concurrency stix sharing store',
  audit: 'concurrency stix sharing store log',
  indicators: 'concurrency stix sharing store log',
  reading: 'concurrency stix sharing search store log audit',
  members: 'concurrency stix sharing store log access',
  access: 'concurrency stix sharing store log',
  deliveries: 'concurrency stix formats sharing search egress store log audit reading',
  feeds: 'concurrency stix formats sharing search egress store log indicators reading',
  http: 'concurrency stix formats sharing search store log audit indicators reading members access deliveries feeds',
  commands:
    'concurrency stix formats sharing search egress store log audit indicators reading members access deliveries feeds http',
};

const folders = Object.keys(drawing);
const pure = new Set(['stix', 'formats', 'sharing', 'search']);

/** One file for each ordered pair of folders, importing from the second into the first. */
function pairs(wanted: 'drawn' | 'undrawn'): [from: string, to: string][] {
  return folders.flatMap((from) =>
    folders
      .filter((to) => to !== from)
      .filter((to) => (drawing[from] ?? '').split(' ').includes(to) === (wanted === 'drawn'))
      .map((to): [string, string] => [from, to]),
  );
}

const rooms: Files = Object.fromEntries(
  folders.map((folder) => [`src/${folder}/room.ts`, 'export const room = 1;\n']),
);
const roots: Files = {
  'src/errors.ts': 'export const room = 1;\n',
  'src/log/rows/codes.ts': 'export const room = 1;\n',
  'src/clock.ts': 'export const room = 1;\n',
  'src/telemetry.ts': 'export const room = 1;\n',
  'src/keyring.ts': 'export const room = 1;\n',
  'src/http/taxii/room.ts': 'export const room = 1;\n',
  'demo/room.ts': 'export const room = 1;\n',
  'src/log/reader.ts': 'export const room = 1;\n',
  'src/store/content/objects.ts': 'export const room = 1;\n',
  'src/store/content/versions.ts': 'export const room = 1;\n',
  'src/store/content/quotas.ts': 'export const room = 1;\n',
  'test/room.ts': 'export const room = 1;\n',
};

function crossing(rule: string, name: string, path: string, imported: string): Case {
  const text = `import * as room from '${imported}';\nexport const a = room;\n`;
  const files = { ...rooms, ...roots, [path]: text };
  return { step: 'arrows', name, files, told: new RegExp(`^ *${rule}: ${path} ->`, 'm') };
}

const undrawn = pairs('undrawn').map(([from, to]) =>
  crossing(
    `arrow-${from}`,
    `${from}/ imports ${to}/`,
    `src/${from}/towards-${to}.ts`,
    `../${to}/room.ts`,
  ),
);

const packages: Case[] = [
  crossing(
    'database-only-in-store',
    'Prisma outside store/',
    'src/log/prisma.ts',
    '@prisma/client',
  ),
  crossing('database-only-in-store', 'pg outside store/', 'src/commands/pg.ts', 'pg'),
  crossing('fastify-only-in-http', 'Fastify outside http/', 'src/feeds/fastify.ts', 'fastify'),
  crossing('undici-only-in-egress', 'undici outside egress/', 'src/feeds/undici.ts', 'undici'),
  crossing('no-development-package', 'a development package', 'src/log/vitest.ts', 'typescript'),
  crossing('resolvable', 'an import that leads nowhere', 'src/log/nowhere.ts', './nowhere-else.ts'),
  crossing('pure-folder-does-no-io', 'node:fs in stix/', 'src/stix/file.ts', 'node:fs'),
  crossing('pure-folder-does-no-io', 'node:net in sharing/', 'src/sharing/net.ts', 'node:net'),
  crossing('network-only-at-the-edges', 'node:https in feeds/', 'src/feeds/https.ts', 'node:https'),
  crossing('process-module-only-in-config', 'node:process', 'src/log/process.ts', 'node:process'),
];

/** Ways to content past reading/. */
const content: Case[] = [
  ...['http/rest', 'deliveries', 'feeds', 'indicators', 'members', 'commands'].flatMap((room) => {
    const up = '../'.repeat(room.split('/').length);
    const rule = 'content-only-through-reading';
    return [
      crossing(rule, `${room}/ reads the log`, `src/${room}/page.ts`, `${up}log/reader.ts`),
      crossing(
        rule,
        `${room}/ reads an object`,
        `src/${room}/object.ts`,
        `${up}store/content/objects.ts`,
      ),
    ];
  }),
  ...['http/rest', 'http/streams', 'deliveries', 'feeds'].map((room) =>
    crossing(
      'no-content-at-the-doors',
      `${room}/ reads versions`,
      `src/${room}/versions.ts`,
      `${'../'.repeat(room.split('/').length)}store/content/versions.ts`,
    ),
  ),
  crossing(
    'doors-know-no-database',
    'rest/ imports store/',
    'src/http/rest/store.ts',
    '../../store/room.ts',
  ),
  crossing(
    'meter-reads-nothing',
    'metered.ts reads an object',
    'src/reading/metered.ts',
    '../store/content/objects.ts',
  ),
];

const shapes: Case[] = [
  crossing('doors-stay-apart', 'rest/ imports taxii/', 'src/http/rest/t.ts', '../taxii/room.ts'),
  crossing('doors-stay-apart', 'misp/ imports rest/', 'src/http/misp/r.ts', '../rest/objects.ts'),
  crossing(
    'plumbing-knows-no-door',
    'body/ imports a door',
    'src/http/body/d.ts',
    '../taxii/room.ts',
  ),
  crossing('codes-are-data', 'codes.ts imports', 'src/log/codes.ts', './room.ts'),
  crossing('config-by-type-only', 'http/ reads config.ts', 'src/http/settings.ts', '../config.ts'),
  crossing('arrow-store', 'store/ imports config.ts', 'src/store/settings.ts', '../config.ts'),
  crossing('arrow-stix', 'stix/ imports clock.ts', 'src/stix/clock.ts', '../clock.ts'),
  crossing('arrow-sharing', 'sharing/ imports keyring.ts', 'src/sharing/key.ts', '../keyring.ts'),
  crossing('arrow-log', 'log/ imports main.ts', 'src/log/main.ts', '../main.ts'),
  crossing('src-stands-alone', 'src/ imports test/', 'src/log/receiver.ts', '../../test/room.ts'),
  crossing('src-stands-alone', 'src/ imports demo/', 'src/commands/d.ts', '../../demo/room.ts'),
  crossing('arrow-demo', 'demo/ imports http/', 'demo/h.ts', '../src/http/room.ts'),
  crossing('arrow-demo', 'demo/ imports test/', 'demo/t.ts', '../test/room.ts'),
  crossing('console-stands-alone', 'console/ imports src/', 'console/a.ts', '../src/stix/room.ts'),
  {
    step: 'arrows',
    name: 'a cycle',
    files: {
      'src/log/here.ts': "import { there } from './there.ts';\nexport const here = () => there;\n",
      'src/log/there.ts': "import { here } from './here.ts';\nexport const there = () => here;\n",
    },
    told: /no-cycle: src\/log\/here\.ts ->/,
  },
  {
    step: 'arrows',
    name: 'a cycle of types',
    files: {
      'src/log/a.ts': "import type { B } from './b.ts';\nexport interface A {\n  b: B;\n}\n",
      'src/log/b.ts': "import type { A } from './a.ts';\nexport interface B {\n  a: A;\n}\n",
    },
    told: /no-cycle: src\/log\/a\.ts ->/,
  },
];

const names: Case[] = [
  ...['utils', 'helpers', 'common', 'services', 'types'].map((bag): Case => {
    const path = `src/log/${bag}`;
    const files = { [`${path}/a.ts`]: 'export const a = 1;\n' };
    return {
      step: 'arrows',
      name: `a folder ${bag}/`,
      files,
      told: new RegExp(`bag-name: ${path}`),
    };
  }),
  {
    step: 'arrows',
    name: 'a file types.ts',
    files: { 'test/types.ts': 'export const a = 1;\n' },
    told: /bag-name: test\/types\.ts/,
  },
  {
    step: 'arrows',
    name: 'a folder that the layout does not know',
    files: { 'src/billing/a.ts': 'export const a = 1;\n' },
    told: /unlisted: src\/billing/,
  },
];

/** Tells dependency-cruiser that the compiler is of a version that it does not know. */
const unfitCompiler = [
  "const Module = require('node:module');",
  'const load = Module._load;',
  'Module._load = function (name, ...rest) {',
  "  if (name === 'typescript/package.json') return { version: '7.0.0' };",
  '  return load.call(this, name, ...rest);',
  '};',
  '',
].join('\n');

const blind: Case = {
  step: 'arrows',
  name: 'a cruise that sees no TypeScript',
  alone: true,
  files: { 'scripts/unfit.cjs': unfitCompiler },
  env: { NODE_OPTIONS: '--require ./scripts/unfit.cjs' },
  told: /not-looked-at: src\/main\.ts/,
};

const drawn: Case = {
  step: 'arrows',
  name: 'what the arrows let pass',
  alone: true,
  files: {
    ...rooms,
    ...roots,
    ...Object.fromEntries(
      pairs('drawn').map(([from, to]) => [
        `src/${from}/towards-${to}.ts`,
        `import { room } from '../${to}/room.ts';\nexport const a = room;\n`,
      ]),
    ),
    ...Object.fromEntries(
      folders.flatMap((folder) =>
        (pure.has(folder) ? ['errors'] : ['errors', 'clock', 'telemetry', 'keyring']).map(
          (root) => [
            `src/${folder}/towards-${root}.ts`,
            `import { room } from '../${root}.ts';\nexport const a = room;\n`,
          ],
        ),
      ),
    ),
    'src/errors.ts': "import * as rows from './log/rows/codes.ts';\nexport const room = rows;\n",
    'demo/towards-commands.ts':
      "import { room } from '../src/commands/room.ts';\nexport const a = room;\n",
    'src/http/settings.ts':
      "import type { readPort } from '../config.ts';\nexport type A = typeof readPort;\n",
    'src/reading/content.ts':
      "import { room as log } from '../log/reader.ts';\nimport { room } from '../store/content/objects.ts';\nexport const a = [log, room];\n",
    'src/indicators/content.ts':
      "import { room } from '../store/content/versions.ts';\nexport const a = room;\n",
    'src/deliveries/quota.ts':
      "import { room } from '../store/content/quotas.ts';\nexport const a = room;\n",
    'src/http/rest/kind.ts':
      "import type { room } from '../../store/content/objects.ts';\nexport type A = typeof room;\n",
    'src/stix/read.test.ts':
      "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;\n",
    'src/stix/hash.ts': "import { createHash } from 'node:crypto';\nexport const a = createHash;\n",
  },
};

export const crossings: Case[] = [
  ...undrawn,
  ...packages,
  ...content,
  ...shapes,
  ...names,
  blind,
  drawn,
];
