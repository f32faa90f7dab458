// Direction: contracts ← domain ← simulation, ports, runtime ← adapters ← wiring ← main.ts. Each rule is proven by a planted violation
// in test/architecture, so a rule that stops matching fails a test instead of passing silently.

const sources = '^((packages|services)/[^/]+|operator)/src/';
const tests = '^((packages|services)/[^/]+|operator)/(test|src/contract)/|^test/|^bench/|^hack/';
const adapters =
  '^packages/(storage/src/(memory|sqlite)|bus/src/memory|storage-(postgres|mongodb)|bus-nats|rate-limit/src/(memory|redis)|sockets/src/(ws|uws))/';

/** A rule with severity error. */
const forbid = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** Imports of package `target` that are allowed only from `home`. */
const atHome = (sdk, home) =>
  forbid(
    `${sdk.replace(/[^a-z]+/g, '-')}-stays-home`,
    `${sdk} is used in one place only: go through the package that owns it`,
    { path: sources, pathNot: home },
    { path: `(^|/)node_modules/${sdk}/|^(node:)?${sdk}$` },
  );

/** Library packages and what of ours each may import. */
const mayImport = {
  contracts: [],
  domain: ['contracts'],
  simulation: ['contracts', 'domain'],
  runtime: ['contracts'],
  storage: ['contracts'],
  bus: ['contracts'],
  'storage-postgres': ['contracts', 'storage'],
  'storage-mongodb': ['contracts', 'storage'],
  'bus-nats': ['contracts', 'bus'],
  'rate-limit': ['contracts', 'runtime'],
  sockets: ['contracts', 'runtime'],
  http: ['contracts', 'runtime', 'storage', 'rate-limit'],
  wiring: [
    'contracts',
    'runtime',
    'storage',
    'storage-postgres',
    'storage-mongodb',
    'bus',
    'bus-nats',
    'rate-limit',
    'sockets',
  ],
  cli: ['contracts'],
  testing: ['contracts', 'runtime'],
};

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([name, allowed]) =>
      forbid(
        `${name}-imports-below`,
        `packages/${name} may import of ours: ${allowed.join(', ') || 'nothing'}`,
        { path: `^packages/${name}/(src|bin)/`, pathNot: tests },
        { path: '^(packages|services|operator)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
      ),
    ),
    forbid(
      'domain-does-no-io',
      'Domain decisions are pure: pass data in, give decisions back',
      { path: '^packages/(domain|contracts)/src/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'engines-do-no-io',
      'Engines are pure but for the one file that loads kernels',
      { path: '^packages/simulation/src/engines/', pathNot: '/kernel-file\\.ts$' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'engines-do-not-know-workers',
      'Kernels run anywhere; leasing and reporting are the worker’s',
      { path: '^packages/simulation/src/engines/' },
      { path: '^packages/simulation/src/worker/' },
    ),
    forbid(
      'ports-do-not-know-adapters',
      'A port and its contract are written without any adapter in mind',
      // The memory store is the model that the contract compares every other with.
      {
        path: '^packages/(storage|bus|rate-limit|sockets)/src/',
        pathNot: [adapters, '^packages/storage/src/contract/(differential|dumps)[.]ts$'],
      },
      { path: adapters },
    ),
    forbid(
      'adapters-only-from-wiring',
      'Take the port as an argument; only wiring turns a driver name into a driver',
      { path: sources, pathNot: ['^packages/wiring/', adapters, tests] },
      { path: adapters },
    ),
    forbid(
      'adapters-do-not-know-each-other',
      'Shared behaviour of adapters belongs beside the port',
      {
        path: '^packages/(storage/src/memory|storage/src/sqlite|storage-postgres|storage-mongodb|bus/src/memory|bus-nats|rate-limit/src/memory|rate-limit/src/redis|sockets/src/ws|sockets/src/uws)/',
      },
      { path: adapters, pathNot: '^packages/$1/' },
    ),
    forbid(
      'wiring-only-from-main',
      'Drivers are chosen at the top, in main or the all-in-one platform',
      { path: sources, pathNot: ['^packages/wiring/', '^services/all-in-one/', '/src/main\\.ts$'] },
      { path: '^packages/wiring/' },
    ),
    forbid(
      'no-service-to-service',
      'Services talk over the bus or HTTP',
      { path: '^services/([^/]+)/src/', pathNot: '^services/all-in-one/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    forbid(
      'operator-knows-no-service',
      'The operator talks to services over the bus or HTTP',
      { path: '^operator/src/' },
      { path: '^services/' },
    ),
    forbid(
      'kubernetes-knows-no-simulation',
      'The controller runtime serves any resource: what is of simulations belongs to the folders beside it',
      { path: '^operator/src/kubernetes/' },
      {
        path: '^(operator|packages)/',
        pathNot: '^(operator/src/kubernetes|packages/runtime)/|^packages/contracts/src/errors[.]ts$',
      },
    ),
    forbid(
      'packages-do-not-know-services',
      'Libraries lie below services',
      { path: '^packages/[^/]+/(src|bin)/' },
      { path: '^(services|operator)/' },
    ),
    forbid(
      'all-in-one-uses-front-doors',
      'Use what the service’s index.ts exports',
      { path: '^services/all-in-one/' },
      { path: '^services/(?!all-in-one)[^/]+/(?!src/index\\.ts$)' },
    ),
    forbid(
      'contract-suites-only-in-tests',
      'Contract suites are run by the tests of adapters',
      { path: sources, pathNot: tests },
      { path: '^packages/[^/]+/src/contract/' },
    ),
    forbid(
      'testing-only-in-tests',
      'packages/testing is for tests',
      { path: sources, pathNot: ['^packages/testing/', tests] },
      { path: '^packages/testing/' },
    ),
    forbid('sources-do-not-import-tests', 'Move what is shared below src', { path: sources }, { path: '/test/' }),
    forbid(
      'hack-is-never-imported',
      'hack/ holds what make calls',
      { path: '^(packages|services|operator|test|bench)/' },
      { path: '^hack/' },
    ),
    atHome('express', '^packages/http/src/'),
    atHome('pino', '^packages/runtime/src/'),
    atHome('prom-client', '^packages/runtime/src/'),
    atHome('swagger-ui-dist', '^packages/http/src/'),
    atHome('sqlite', '^packages/storage/src/sqlite/'),
    atHome('pg', '^packages/storage-postgres/src/'),
    atHome('mongodb', '^packages/storage-mongodb/src/'),
    atHome('@nats-io', '^packages/bus-nats/src/'),
    atHome('ajv', '^services/jobs/src/'),
    atHome('@kubernetes/client-node', '^operator/src/kubernetes/'),
    atHome('ioredis', '^packages/rate-limit/src/redis/'),
    atHome('ws', '^packages/sockets/src/ws/'),
    atHome('proxy-addr', '^packages/http/src/'),
    atHome('ipaddr.js', '^packages/http/src/'),
    atHome('commander', '^packages/cli/'),
    atHome('canonicalize', '^packages/(domain|storage)/src/'),
    atHome('@noble/hashes', '^packages/domain/src/'),
    forbid('no-circular', 'Break the circle: let one side take what it needs as an argument', {}, { circular: true }),
    forbid('unresolvable', 'The import does not resolve', {}, { couldNotResolve: true }),
    forbid(
      'no-development-dependency-in-source',
      'Sources need it at run time: declare it in dependencies',
      { path: sources, pathNot: tests },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^packages/.*/kernel(-library)?/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
