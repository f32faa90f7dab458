import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createView, type Part } from '../../../src/kubernetes/cache/view.ts';
import { compareVersions } from '../../../src/kubernetes/cache/versions.ts';
import type { Change, KubernetesObject } from '../../../src/kubernetes/index.ts';

const object = (name: string, version: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace: 'default', resourceVersion: String(version) },
});

/** What happened on the server, in its order; `null` is a deletion. */
interface Happened {
  readonly name: string;
  readonly version: number;
  readonly deleted: boolean;
  /** Our own writes: their answers may come at any time. */
  readonly ours: boolean;
}

const history = fc
  .array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), deleted: fc.boolean(), ours: fc.boolean() }), {
    maxLength: 30,
  })
  .map((changes) => {
    const there = new Set<string>();
    return changes.map(({ name, deleted, ours }, index): Happened => {
      const gone = deleted && there.has(name);
      if (gone) there.delete(name);
      else there.add(name);
      return { name, version: 8 + index, deleted: gone, ours: ours && !gone };
    });
  });

const stateAt = (past: readonly Happened[], version: number): ReadonlyMap<string, number> => {
  const state = new Map<string, number>();
  for (const change of past.filter((one) => one.version <= version))
    if (change.deleted) state.delete(change.name);
    else state.set(change.name, change.version);
  return state;
};

type Step = 'watch' | 'list' | { readonly answer: number };
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>('watch') },
    { weight: 1, arbitrary: fc.constant<Step>('list') },
    { weight: 3, arbitrary: fc.nat(40).map((answer): Step => ({ answer })) },
  ),
  { maxLength: 60 },
);

test('whenever the answers to our own writes come: the end is the server’s, and no version is told twice or after a later one', () =>
  fc.assert(
    fc.property(history, steps, fc.nat(40), (past, order, firstList) => {
      const told: Change<KubernetesObject>[] = [];
      const view = createView<KubernetesObject>({}, (change) => void told.push(change));
      const part: Part = { version: '' };
      let at = Math.min(7 + firstList, 7 + past.length);
      const list = (): void => {
        const items = [...stateAt(past, at)].map(([name, version]) => object(name, version));
        view.replace(part, items, String(at));
      };
      const watch = (): void => {
        const next = past.find(({ version }) => version > at);
        if (next === undefined) return;
        at = next.version;
        const event = next.deleted ? 'DELETED' : 'MODIFIED';
        view.event(part, event, object(next.name, next.version));
      };
      list();
      for (const step of order) {
        if (step === 'watch') watch();
        else if (step === 'list') list();
        else {
          const mine = past[step.answer];
          if (mine?.ours === true) view.written(part, object(mine.name, mine.version));
        }
      }
      while (past.some(({ version }) => version > at)) watch();
      const known = view.store.list().map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)] as const);
      assert.deepEqual(new Map(known), stateAt(past, Infinity));
      const latest = new Map<string, number>();
      for (const { object: now } of told) {
        if (now === null) continue;
        const version = Number(now.metadata.resourceVersion);
        assert(version > (latest.get(now.metadata.name) ?? 0), `${now.metadata.name} went back to ${version}`);
        latest.set(now.metadata.name, version);
      }
    }),
    { numRuns: 500 },
  ));

test('a cluster that was restored from a backup is believed, although its versions are lower', () => {
  const view = createView<KubernetesObject>({}, () => undefined);
  const part: Part = { version: '' };
  view.replace(part, [object('a', 90), object('b', 95)], '100');
  view.replace(part, [object('a', 40)], '50');
  assert.deepEqual(
    view.store.list().map(({ metadata }) => metadata.resourceVersion),
    ['40'],
  );
});

test('versions compare as numbers, beyond 2^53 too', () => {
  const versions = ['9007199254740993', '9', '10', '9007199254740992'];
  assert.deepEqual(versions.toSorted(compareVersions), ['9', '10', '9007199254740992', '9007199254740993']);
  assert.equal(compareVersions('10', '10'), 0);
});

test('indexes follow their objects', () => {
  const view = createView<KubernetesObject>(
    { indexes: { kind: ({ metadata }) => Object.values(metadata.labels ?? {}) } },
    () => undefined,
  );
  const part: Part = { version: '1' };
  const labelled = (version: number, label: string): KubernetesObject => {
    const plain = object('a', version);
    return { ...plain, metadata: { ...plain.metadata, labels: { label } } };
  };
  view.event(part, 'ADDED', labelled(2, 'x'));
  view.event(part, 'MODIFIED', labelled(3, 'y'));
  assert.equal(view.store.byIndex('kind', 'x').length, 0);
  assert.equal(view.store.byIndex('kind', 'y').length, 1);
  assert.throws(() => view.store.byIndex('none', 'y'), /no index none/);
  view.event(part, 'DELETED', labelled(4, 'y'));
  assert.equal(view.store.byIndex('kind', 'y').length, 0);
});
