import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modules } from '../src/modules.ts';

const dependencies: Readonly<Record<string, readonly string[]>> = modules;

/** Everything that has started before the module does. */
const before = (name: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (each: string): void => {
    for (const dependency of dependencies[each] ?? []) {
      if (found.has(dependency)) continue;
      found.add(dependency);
      visit(dependency);
    }
  };
  visit(name);
  return found;
};

test('every dependency is a module, and none depends on itself', () => {
  for (const [name, names] of Object.entries(dependencies)) {
    assert.ok(names.every((each) => each in dependencies));
    assert.ok(!before(name).has(name));
  }
});

const orders: readonly [string, string, string][] = [
  ['nothing uses the store before it is there', 'jobs', 'storage'],
  ['the relay publishes only when the jobs service listens', 'relay', 'jobs'],
  ['the relay publishes only when the executor listens', 'relay', 'local-executor'],
  ['shards return their leases while the HTTP server still takes reports', 'local-executor', 'http'],
  ['the server answers only when the jobs service has started', 'http', 'jobs'],
];
for (const [name, later, earlier] of orders) test(name, () => assert.ok(before(later).has(earlier)));

test('the platform is announced after everything else, and withdrawn first', () => {
  assert.equal(before('announcement').size, Object.keys(dependencies).length - 1);
});
