import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { copyTree, plant } from './planted-tree.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '../..');
/** Runs a tool of node_modules under this very Node, and answers what it printed even if it found something. */
const runTool = async (name: string, args: readonly string[], cwd: string): Promise<string> => {
  const running = execute(process.execPath, [join(root, 'node_modules/.bin', name), ...args], {
    cwd,
    maxBuffer: 1 << 28,
  });
  const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error);
  assert.notEqual(stdout, '', `${name} printed nothing but: ${stderr}`);
  return stdout;
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}
interface Cruised {
  readonly summary: { readonly violations: readonly Violation[]; readonly totalCruised: number };
}

const cruise = async (directory: string): Promise<Cruised> => {
  const args = [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'packages',
    'services',
    'operator',
    'test',
    'bench',
    'hack',
  ];
  return JSON.parse(await runTool('depcruise', args, directory)) as Cruised;
};

/** One violation a rule: the rule must name this file. */
const planted: Readonly<Record<string, readonly [file: string, source: string]>> = {
  'contracts-imports-below': ['packages/contracts/src/planted-below.ts', "import '@simfleet/domain';"],
  'domain-imports-below': ['packages/domain/src/planted-below.ts', "import '@simfleet/storage';"],
  'simulation-imports-below': ['packages/simulation/src/worker/planted-below.ts', "import '@simfleet/http';"],
  'runtime-imports-below': ['packages/runtime/src/planted-below.ts', "import '@simfleet/bus';"],
  'storage-imports-below': ['packages/storage/src/planted-below.ts', "import '@simfleet/bus';"],
  'bus-imports-below': ['packages/bus/src/planted-below.ts', "import '@simfleet/storage';"],
  'storage-postgres-imports-below': ['packages/storage-postgres/src/planted-below.ts', "import '@simfleet/runtime';"],
  'storage-mongodb-imports-below': ['packages/storage-mongodb/src/planted-below.ts', "import '@simfleet/runtime';"],
  'bus-nats-imports-below': ['packages/bus-nats/src/planted-below.ts', "import '@simfleet/runtime';"],
  'rate-limit-imports-below': ['packages/rate-limit/src/planted-below.ts', "import '@simfleet/storage';"],
  'sockets-imports-below': ['packages/sockets/src/planted-below.ts', "import '@simfleet/rate-limit';"],
  'http-imports-below': ['packages/http/src/planted-below.ts', "import '@simfleet/bus';"],
  'wiring-imports-below': ['packages/wiring/src/planted-below.ts', "import '@simfleet/domain';"],
  'cli-imports-below': ['packages/cli/src/planted-below.ts', "import '@simfleet/storage';"],
  'testing-imports-below': ['packages/testing/src/planted-below.ts', "import '@simfleet/bus';"],
  'domain-does-no-io': ['packages/domain/src/planted-io.ts', "import 'node:fs';"],
  'engines-do-no-io': ['packages/simulation/src/engines/planted-io.ts', "import 'node:fs';"],
  'engines-do-not-know-workers': ['packages/simulation/src/engines/planted-worker.ts', "import '../worker/index.ts';"],
  'ports-do-not-know-adapters': ['packages/storage/src/planted-adapter.ts', "import './sqlite/index.ts';"],
  'adapters-only-from-wiring': ['services/jobs/src/planted-adapter.ts', "import '@simfleet/storage/sqlite';"],
  'adapters-do-not-know-each-other': ['packages/storage/src/sqlite/planted-sibling.ts', "import '../memory/index.ts';"],
  'wiring-only-from-main': ['services/jobs/src/planted-wiring.ts', "import '@simfleet/wiring';"],
  'no-service-to-service': ['services/jobs/src/planted-service.ts', "import '@simfleet/local-executor';"],
  'operator-knows-no-service': ['operator/src/planted-service.ts', "import '../../services/jobs/src/index.ts';"],
  'kubernetes-knows-no-simulation': ['operator/src/kubernetes/planted-simulation.ts', "import '@simfleet/domain';"],
  'packages-do-not-know-services': ['packages/cli/src/planted-service.ts', "import '@simfleet/jobs';"],
  'all-in-one-uses-front-doors': ['services/all-in-one/src/planted-door.ts', "import '../../jobs/src/assemble.ts';"],
  'contract-suites-only-in-tests': ['services/jobs/src/planted-suite.ts', "import '@simfleet/storage/contract';"],
  'testing-only-in-tests': ['services/jobs/src/planted-testing.ts', "import '@simfleet/testing';"],
  'sources-do-not-import-tests': ['packages/domain/src/planted-test.ts', "import '../test/planted.ts';"],
  'hack-is-never-imported': ['services/jobs/src/planted-hack.ts', "import '../../../hack/run-tests.ts';"],
  'express-stays-home': ['services/jobs/src/planted-express.ts', "import 'express';"],
  'pino-stays-home': ['services/jobs/src/planted-pino.ts', "import 'pino';"],
  'prom-client-stays-home': ['services/jobs/src/planted-prom.ts', "import 'prom-client';"],
  'swagger-ui-dist-stays-home': ['services/jobs/src/planted-swagger.ts', "import 'swagger-ui-dist';"],
  'sqlite-stays-home': ['services/jobs/src/planted-sqlite.ts', "import 'node:sqlite';"],
  '-kubernetes-client-node-stays-home': ['operator/src/planted-client.ts', "import '@kubernetes/client-node';"],
  'pg-stays-home': ['services/jobs/src/planted-pg.ts', "import 'pg';"],
  'mongodb-stays-home': ['services/jobs/src/planted-mongodb.ts', "import 'mongodb';"],
  '-nats-io-stays-home': ['services/jobs/src/planted-nats.ts', "import '@nats-io/nats-core';"],
  'ajv-stays-home': ['packages/http/src/planted-ajv.ts', "import 'ajv';"],
  'ioredis-stays-home': ['services/jobs/src/planted-ioredis.ts', "import 'ioredis';"],
  'ws-stays-home': ['services/jobs/src/planted-ws.ts', "import 'ws';"],
  'proxy-addr-stays-home': ['services/jobs/src/planted-proxy-addr.ts', "import 'proxy-addr';"],
  'ipaddr-js-stays-home': ['services/jobs/src/planted-ipaddr.ts', "import 'ipaddr.js';"],
  'commander-stays-home': ['services/jobs/src/planted-commander.ts', "import 'commander';"],
  'canonicalize-stays-home': ['services/jobs/src/planted-canonicalize.ts', "import 'canonicalize';"],
  '-noble-hashes-stays-home': ['services/jobs/src/planted-hashes.ts', "import '@noble/hashes/sha2.js';"],
  'no-circular': ['packages/domain/src/planted-circle.ts', "import './planted-circle-back.ts';"],
  unresolvable: ['packages/domain/src/planted-nowhere.ts', "import './nowhere.ts';"],
  'no-development-dependency-in-source': ['packages/domain/src/planted-development.ts', "import 'fast-check';"],
};

let copy: string;
before(() => {
  copy = copyTree();
});
after(() => rmSync(copy, { recursive: true, force: true }));

test('the tree as it is breaks no layer rule, and the cruise sees the whole tree', async () => {
  const { summary } = await cruise(root);
  assert.deepEqual(
    summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`),
    [],
  );
  assert.ok(
    summary.totalCruised > 150,
    `only ${summary.totalCruised} modules cruised: a green run would prove nothing`,
  );
});

test('every layer rule names the violation planted for it', async (context) => {
  for (const [file, source] of Object.values(planted)) plant(copy, file, source);
  plant(copy, 'packages/domain/test/planted.ts', 'export const nothing = 0;');
  plant(copy, 'packages/domain/src/planted-circle-back.ts', "import './planted-circle.ts';");
  const { summary } = await cruise(copy);
  for (const [rule, [file]] of Object.entries(planted)) {
    await context.test(rule, () => {
      assert.ok(
        summary.violations.some(
          (violation) => violation.rule.name === rule && violation.from.startsWith(file.replace('.ts', '')),
        ),
        `nothing said ${rule} of ${file}`,
      );
    });
  }
});

test('every layer rule has a violation planted for it', () => {
  const { forbidden } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
    forbidden: readonly { readonly name: string }[];
  };
  assert.deepEqual(Object.keys(planted).sort(), forbidden.map(({ name }) => name).sort());
});

// knip is silent about packages marked private: that is why ours are not.
test('knip names an import of a workspace package that is not declared', async () => {
  const file = 'packages/domain/src/index.ts';
  plant(copy, file, `${readFileSync(join(copy, file), 'utf8')}\nexport * from '@simfleet/testing';\n`);
  const output = await runTool('knip', ['--include', 'unlisted', '--no-progress'], copy);
  assert.match(output, /@simfleet\/testing\s+packages\/domain\/src\/index\.ts/);
});

test('lint names the process, and mathematics that differs between engines, where they are out of place', async () => {
  plant(copy, 'packages/domain/src/planted-lint.ts', 'export const planted: number = process.pid + Math.exp(1);\n');
  const output = await runTool('eslint', ['--format', 'json', 'packages/domain/src/planted-lint.ts'], copy);
  const [report] = JSON.parse(output) as { messages: { ruleId: string }[] }[];
  const rules = report?.messages.map(({ ruleId }) => ruleId) ?? [];
  assert.ok(
    rules.includes('no-restricted-globals') && rules.includes('no-restricted-properties'),
    `only ${rules.join(', ')}`,
  );
});
