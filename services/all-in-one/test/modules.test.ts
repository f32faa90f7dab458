import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependenciesOf, modules, modulesOf, targets } from '../src/modules.ts';
import type { ModuleName, Target } from '../src/modules.ts';

const names = Object.keys(modules) as readonly ModuleName[];
const everyTarget = Object.keys(targets) as readonly Target[];

/** Everything that has started before the module does, in a process of these targets. */
const before = (name: ModuleName, ...wanted: readonly Target[]): ReadonlySet<ModuleName> => {
  const present = modulesOf(wanted);
  const found = new Set<ModuleName>();
  const visit = (each: ModuleName): void => {
    for (const dependency of dependenciesOf(each, present)) {
      if (found.has(dependency)) continue;
      found.add(dependency);
      visit(dependency);
    }
  };
  visit(name);
  return found;
};

test('the target "all" is every module', () => {
  assert.deepEqual([...modulesOf(['all'])].sort(), [...names].sort());
  assert.deepEqual(modulesOf(['jobs', 'local-executor']), modulesOf(['all']));
});

test('whatever the target, what a module needs is there, and none starts after itself', () => {
  for (const target of everyTarget) {
    const present = modulesOf([target]);
    for (const name of present) {
      assert.ok(modules[name].needs.every((each) => present.has(each)));
      assert.ok(!before(name, target).has(name));
    }
  }
});

test('a process for one service holds nothing of the other', () => {
  assert.ok(!modulesOf(['jobs']).has('local-executor'));
  assert.ok(!modulesOf(['local-executor']).has('jobs'));
});

const orders: readonly [string, ModuleName, ModuleName][] = [
  ['nothing uses the store before it is there', 'jobs', 'storage'],
  ['leases are given up only when the jobs service has stopped', 'jobs', 'leases'],
  ['the relay publishes only when the jobs service listens', 'relay', 'jobs'],
  ['the relay publishes only when the executor listens', 'relay', 'local-executor'],
  ['shards return their leases while the HTTP server still takes reports', 'local-executor', 'http'],
  ['the server answers only when the jobs service has started', 'http', 'jobs'],
];
for (const [name, later, earlier] of orders) test(name, () => assert.ok(before(later, 'all').has(earlier)));

test('the platform is announced after everything else, and withdrawn first', () => {
  for (const target of everyTarget)
    assert.equal(before('announcement', target).size, modulesOf([target]).size - 1, target);
});
