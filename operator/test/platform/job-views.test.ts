import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRecord } from '../../src/platform/client.ts';
import { openJobViews } from '../../src/platform/job-views.ts';
import type { JobViews } from '../../src/platform/job-views.ts';
import { fakeClock } from '@simfleet/testing';
import { jobOf } from '../support/builders.ts';

interface Asked {
  readonly views: JobViews;
  /** Versions that the platform was asked for. */
  readonly asked: () => number;
  /** The record comes to this version; while it is asked for, `meanwhile` happens. */
  set(version: number | undefined, meanwhile?: () => void): void;
}

const record = (version: number | undefined): JobRecord => ({
  ...jobOf(),
  id: 'job-1',
  ...(version === undefined ? {} : { version }),
});

const scene = (): Asked => {
  let now: number | undefined = 1;
  let during = (): void => undefined;
  let count = 0;
  const getJob = async (): Promise<JobRecord> => {
    count += 1;
    during();
    return record(now);
  };
  return {
    views: openJobViews({ getJob }, fakeClock()),
    asked: () => count,
    set(version, meanwhile = () => undefined) {
      now = version;
      during = meanwhile;
    },
  };
};

test('the platform is not asked for what it answered to a write', async () => {
  const { views, asked } = scene();
  views.put(record(3));
  views.invalidate('job-1', 3);
  assert.equal(views.isDirty('job-1'), false);
  assert.equal(views.hasSeen('job-1', 3), true);
  await views.get('job-1');
  assert.equal(asked(), 0);
});

test('an event that comes before the answer to the write that caused it asks for nothing', async () => {
  const { views, asked } = scene();
  views.invalidate('job-1', 1);
  assert.equal(views.isDirty('job-1'), true);
  views.put(record(1));
  await views.get('job-1');
  assert.equal(asked(), 0);
});

test('the platform is asked for a later version, and for one that nobody knows', async () => {
  const { views, asked, set } = scene();
  views.put(record(3));
  views.invalidate('job-1', 4);
  views.invalidate('job-1', 2);
  set(4);
  assert.equal((await views.get('job-1'))?.version, 4);
  views.invalidate('job-1');
  assert.equal(views.isDirty('job-1'), true);
  await views.get('job-1');
  assert.equal(asked(), 2);
  await views.get('job-1');
  assert.equal(asked(), 2);
});

test('what happens while the platform is asked is asked for again unless the answer has it', async () => {
  const { views, asked, set } = scene();
  set(5, () => views.invalidate('job-1', 5));
  await views.get('job-1', 0);
  assert.equal(views.isDirty('job-1'), false);
  set(5, () => views.invalidate('job-1', 6));
  views.invalidate('job-1');
  await views.get('job-1');
  assert.equal(views.isDirty('job-1'), true);
  assert.equal(asked(), 2);
});

test('an answer without a version is as good as none once an event tells of one', async () => {
  const { views, asked, set } = scene();
  set(undefined);
  views.put(record(undefined));
  views.invalidate('job-1', 1);
  await views.get('job-1');
  assert.equal(asked(), 1);
  assert.equal(views.isDirty('job-1'), false);
});

test('a question that fails is asked again', async () => {
  const { views, set } = scene();
  set(2, () => {
    throw new Error('away');
  });
  views.invalidate('job-1', 2);
  await assert.rejects(views.get('job-1'), /away/);
  assert.equal(views.isDirty('job-1'), true);
});
