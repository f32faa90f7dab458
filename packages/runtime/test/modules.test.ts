import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import { fakeClock, recordingLogger, runtimeContext } from '@simfleet/testing';
import fc from 'fast-check';
import { createReadiness, startModules } from '../src/index.ts';
import type { Module, RunningModule } from '../src/index.ts';

/** Modules that write down when they start and stop. */
const recorded = () => {
  const calls: string[] = [];
  const module = (name: string, dependsOn: readonly string[] = [], running: Partial<RunningModule> = {}): Module => ({
    name,
    dependsOn,
    start() {
      calls.push(`start ${name}`);
      const stop = (): Promise<void> => {
        calls.push(`stop ${name}`);
        return Promise.resolve();
      };
      return Promise.resolve({ stop, ...running });
    },
  });
  return { calls, module };
};

const rejects = (modules: readonly Module[], code: string, detail: RegExp) =>
  assert.rejects(startModules({ modules, context: runtimeContext() }), (error: SimfleetError) => {
    assert.equal(error.code, code);
    assert.match(error.detail, detail);
    return true;
  });

test('modules start after what they depend on, ties by name, and stop in reverse', async () => {
  const { calls, module } = recorded();
  const modules = [module('http', ['jobs', 'bus']), module('jobs', ['storage']), module('storage'), module('bus')];
  const running = await startModules({ modules, context: runtimeContext() });
  await running.stop();
  assert.deepEqual(calls, [
    ...['start bus', 'start storage', 'start jobs', 'start http'],
    ...['stop http', 'stop jobs', 'stop storage', 'stop bus'],
  ]);
});

test('any graph without a circle starts each module once, after its dependencies, whatever the order it is given in', async () => {
  const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(graph, fc.infiniteStream(fc.nat()), async (edges, shuffle) => {
      const { calls, module } = recorded();
      const modules = edges.map((to, index) =>
        module(`m${index}`, index === 0 ? [] : [...new Set(to.map((each) => `m${each % index}`))]),
      );
      const shuffled = modules
        .map((each) => ({ each, key: shuffle.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ each }) => each);
      const running = await startModules({ modules: shuffled, context: runtimeContext() });
      const started = calls.map((call) => call.slice('start '.length));
      assert.deepEqual(started.toSorted(), modules.map(({ name }) => name).toSorted());
      for (const { name, dependsOn } of modules) {
        for (const dependency of dependsOn) assert.ok(started.indexOf(dependency) < started.indexOf(name));
      }
      await running.stop();
    }),
    { numRuns: 50 },
  );
});

test('a circle is refused and named', async () => {
  const { calls, module } = recorded();
  const modules = [module('a', ['b']), module('b', ['c']), module('c', ['b']), module('d')];
  await rejects(modules, 'invalid-configuration', /circle: b → c → b/);
  assert.deepEqual(calls, []);
});

test('an unknown dependency is refused with the nearest name', async () => {
  const { module } = recorded();
  await rejects([module('storage'), module('jobs', ['storrage'])], 'invalid-configuration', /did you mean "storage"/);
});

test('a failed start stops what had started, in reverse, keeps the code and names the module', async () => {
  const { calls, module } = recorded();
  const failing: Module = {
    name: 'http',
    dependsOn: ['a', 'b'],
    start: () => Promise.reject(new SimfleetError('port-in-use', '127.0.0.1:8080 is taken')),
  };
  await rejects([module('a'), module('b'), failing], 'port-in-use', /module "http" did not start: 127.0.0.1:8080/);
  assert.deepEqual(calls, ['start a', 'start b', 'stop b', 'stop a']);
});

test('a stop asked for during the start ends it', async () => {
  const { calls, module } = recorded();
  const asked = new AbortController();
  const asking: Module = {
    name: 'b',
    dependsOn: ['a'],
    start() {
      asked.abort();
      return Promise.resolve({ stop: () => Promise.resolve() });
    },
  };
  const context = runtimeContext({ signal: asked.signal });
  await assert.rejects(startModules({ modules: [module('a'), asking, module('c', ['b'])], context }), {
    code: 'unavailable',
  });
  assert.deepEqual(calls, ['start a', 'stop a']);
});

test('stop twice stops once', async () => {
  const { calls, module } = recorded();
  const running = await startModules({ modules: [module('a')], context: runtimeContext() });
  await Promise.all([running.stop(), running.stop()]);
  await running.stop();
  assert.deepEqual(calls, ['start a', 'stop a']);
});

test('a module that does not stop in time, or throws, does not keep the others from stopping', async () => {
  const clock = fakeClock();
  const { logger, entries } = recordingLogger();
  const { calls, module } = recorded();
  const hangs = module('hangs', ['a'], { stop: () => new Promise(() => undefined) });
  const throws = module('throws', ['hangs'], { stop: () => Promise.reject(new Error('broken')) });
  const context = runtimeContext({ clock, logger });
  const running = await startModules({ modules: [module('a'), hangs, throws], context, stopLimitMs: 1_000 });
  const stopped = running.stop();
  await clock.advance(1_000);
  await stopped;
  assert.equal(calls.at(-1), 'stop a');
  const failures = entries().filter((entry) => entry.level === 'error');
  assert.deepEqual(
    failures.map((entry) => entry.module),
    ['throws', 'hangs'],
  );
});

test('readiness is false while starting, true with every check, and false before the first module stops', async () => {
  const clock = fakeClock();
  const readiness = createReadiness(clock);
  const seen: string[] = [];
  let healthy = true;
  const look = async (): Promise<void> => {
    const { ready, phase } = await readiness.check();
    seen.push(`${phase} ${ready}`);
  };
  const looking: Module = {
    name: 'looking',
    dependsOn: [],
    async start() {
      await look();
      return {
        check: () => (healthy ? Promise.resolve() : Promise.reject(new SimfleetError('storage-full', 'secret path'))),
        stop: look,
      };
    },
  };
  const running = await startModules({ modules: [looking], context: runtimeContext({ clock }), readiness });
  await look();
  healthy = false;
  const report = await running.check();
  assert.deepEqual(report, {
    ready: false,
    phase: 'running',
    modules: [{ name: 'looking', ready: false, reason: 'storage-full' }],
  });
  healthy = true;
  await running.stop();
  assert.deepEqual(seen, ['starting false', 'running true', 'stopping false']);
});

test('a check that hangs counts as failed', async () => {
  const clock = fakeClock();
  const { module } = recorded();
  const modules = [module('slow', [], { check: () => new Promise(() => undefined) })];
  const running = await startModules({ modules, context: runtimeContext({ clock }) });
  const checked = running.check();
  await clock.advance(2_000);
  assert.deepEqual((await checked).modules, [{ name: 'slow', ready: false, reason: 'unavailable' }]);
});
