import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planChildren } from '../../src/reconcile/plan-children.ts';
import type { Children } from '../../src/reconcile/plan-children.ts';
import { childOf, ended, exited, jobOf, now, over, podOf, running, secondsAgo } from '../support/builders.ts';

interface Case {
  readonly title: string;
  readonly given: Partial<Children>;
  readonly remove?: readonly string[];
  readonly keep?: string | null;
  readonly create?: boolean;
  readonly lookAgainMs?: number | null;
}

const active = jobOf();
const done = jobOf(over());
const queued = (members = {}) => jobOf({ spec: { queueName: 'main', ...members } });
const leaving = { ...childOf(active), metadata: { ...childOf(active).metadata, deletionTimestamp: secondsAgo(1) } };

const cases: readonly Case[] = [
  { title: 'a job without a child gets one', given: { job: active }, create: true },
  { title: 'one child is enough', given: { job: active, children: [childOf(active)] }, keep: 'child-1' },
  {
    title: 'a suspended job without a queue keeps its child, which is suspended',
    given: { job: jobOf({ spec: { suspend: true }, state: 'Suspended' }), children: [childOf(active)] },
    keep: 'child-1',
  },
  { title: 'a job that waits for its turn gets no child yet', given: { job: jobOf({ waitsFor: 'jobs-running' }) } },
  {
    title: 'a job that waits for paths keeps its child, which is suspended',
    given: { job: jobOf({ waitsFor: 'paths' }), children: [childOf(active)] },
    keep: 'child-1',
  },
  {
    title: 'a job that waits for paths gives its place in a queue back',
    given: { job: { ...queued(), waitsFor: 'paths' }, children: [childOf(queued())] },
    remove: ['child-1'],
  },
  {
    title: 'a suspended job of a queue gives its place back',
    given: { job: queued({ suspend: true }), children: [childOf(queued())] },
    remove: ['child-1'],
  },
  {
    title: 'a wider bound makes a new child and removes the one before',
    given: { job: jobOf({ run: 2 }), children: [childOf(active)] },
    remove: ['child-1'],
    create: true,
  },
  { title: 'the name of a child on its way out is awaited', given: { job: active, children: [leaving] } },
  { title: 'a job that is over gets no child, whatever became of the last', given: { job: done } },
  {
    title: 'a child of a job that is over completes by itself while a shard is told so',
    given: { job: done, children: [childOf(done)], pods: [podOf(0, running)] },
    lookAgainMs: 29_000,
  },
  {
    title: 'and in the moment after its shard has ended',
    given: { job: done, children: [childOf(done)], pods: [podOf(0, exited(0))] },
    lookAgainMs: 29_000,
  },
  {
    title: 'a child that no shard can complete is removed when the job is over',
    given: { job: done, children: [childOf(done)], pods: [podOf(0, { phase: 'Pending' })] },
    remove: ['child-1'],
  },
  {
    title: 'a shard that does not leave is made to after half a minute',
    given: { job: jobOf(over({ finishedAt: secondsAgo(31) })), children: [childOf(done)], pods: [podOf(0, running)] },
    remove: ['child-1'],
  },
  { title: 'a child that completed stays', given: { job: done, children: [childOf(done, ended('Complete', 100))] } },
  {
    title: 'a child that failed before its job waits for the verdict of the platform',
    given: { job: active, children: [childOf(active, ended('Failed', 5))] },
    keep: 'child-1',
    lookAgainMs: 10_000,
  },
  {
    title: 'and is replaced when there is none',
    given: { job: active, children: [childOf(active, ended('Failed', 16))] },
    remove: ['child-1'],
  },
];

for (const { title, given, remove = [], keep = null, create = false, lookAgainMs = null } of cases) {
  test(title, () => {
    const plan = planChildren({ name: 'asian', job: active, children: [], pods: [], now, ...given });
    assert.deepEqual(
      {
        remove: plan.remove.map(({ metadata }) => metadata.uid),
        keep: plan.keep?.metadata.uid ?? null,
        create: plan.create,
        lookAgainMs: plan.lookAgainMs,
      },
      { remove, keep, create, lookAgainMs },
    );
  });
}
