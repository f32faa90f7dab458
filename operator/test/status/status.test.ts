import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError, jobConditions, simulationJobStatus, stopReason } from '@simfleet/contracts';
import type { Estimate, Job, JobConditionType, SimulationJobStatus, StopReason } from '@simfleet/contracts';
import { accepted, refusal } from '../../src/status/acceptance.ts';
import { announcements } from '../../src/status/announce.ts';
import { percent, shortSpan } from '../../src/status/figures.ts';
import { statusOf } from '../../src/status/status.ts';
import type { Observed } from '../../src/status/status.ts';
import { statusWrite } from '../../src/status/status-write.ts';
import { childOf, exited, jobOf, now, over, podOf, resourceOf, running, time } from '../support/builders.ts';

const observed = (members: Partial<Observed> = {}): Observed => ({
  ...{ resource: resourceOf(), acceptance: accepted, job: jobOf(), child: null, pods: [], refused: null, time },
  ...members,
});

const reasonOf = (status: SimulationJobStatus, type: string): string | undefined =>
  status.conditions?.find((condition) => condition.type === type)?.reason;

const estimate: Estimate = {
  ...{ name: 'price', value: 5.4321987654, standardError: 0.01, ciLow: 5.41, ciHigh: 5.45, confidence: 0.95 },
  paths: 4096,
};

const waiting = (reason: string) => ({
  phase: 'Pending' as const,
  containerStatuses: [{ name: 'shard', state: { waiting: { reason, message: `because of ${reason}` } } }],
});
const unschedulable = {
  phase: 'Pending' as const,
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
};
const child = childOf(jobOf());
const queued = jobOf({ spec: { queueName: 'main' } });
const forbidden = { status: 'False', reason: 'Forbidden', message: 'no' } as const;
const suspended = { job: jobOf({ state: 'Suspended', spec: { suspend: true } }) };
const precision = { metric: 'price', relativeError: '0.1' };
const thresholds = [{ name: 't', metric: 'price', below: '5' }];
const verdicts = (verdict: 'Crossed' | 'NotCrossed') => ({
  job: jobOf({ spec: { thresholds }, thresholds: [{ name: 't', verdict }] }),
});
/** A job that stopped for a reason. */
const stopped = (reason: StopReason): Partial<Observed> => {
  const isSuccess = reason === 'PrecisionReached' || reason === 'Completed';
  const state = reason === 'Cancelled' ? reason : isSuccess ? 'Succeeded' : 'Failed';
  return { job: jobOf(over({ state, stopReason: reason })) };
};

const whys: readonly (readonly [string, JobConditionType, string, Partial<Observed>])[] = [
  ['no node takes a pod', 'Scheduled', 'Unschedulable', { child, pods: [podOf(0, unschedulable)] }],
  ['the image cannot be pulled', 'Scheduled', 'ImagePullBackOff', { child, pods: [podOf(0, waiting('ErrImagePull'))] }],
  [
    'a container cannot start',
    'Scheduled',
    'ContainerError',
    { child, pods: [podOf(0, waiting('CreateContainerError'))] },
  ],
  ['a quota is used up', 'Scheduled', 'FailedCreate', { child, refused: 'exceeded quota' }],
  ['the queue has not admitted it', 'Scheduled', 'WaitingForQueue', { job: queued, child: childOf(queued) }],
  ['a node has a pod', 'Scheduled', 'Scheduled', { child, pods: [podOf(0, { phase: 'Pending' }, { nodeName: 'n' })] }],
  ['pods are being made', 'Scheduled', 'Pending', { child }],
  ['one pod of several runs', 'Scheduled', 'Scheduled', { child, pods: [podOf(0, running), podOf(1, unschedulable)] }],
  ['it is suspended', 'Scheduled', 'Suspended', suspended],
  ['it waits for its turn', 'Scheduled', 'WaitingForQuota', { job: jobOf({ waitsFor: 'jobs-running' }) }],
  ['it waits for paths', 'Running', 'WaitingForQuota', { job: jobOf({ waitsFor: 'paths' }), child }],
  ['it is over', 'Scheduled', 'Finished', { job: jobOf(over()), child, pods: [podOf(0, exited(0))] }],
  ['it is over', 'Running', 'Finished', { job: jobOf(over()) }],
  ['no shard has reported', 'Running', 'Queued', {}],
  ['shards report', 'Running', 'Running', { job: jobOf({ state: 'Running' }) }],
  [
    'it is precise',
    'PrecisionReached',
    'PrecisionReached',
    {
      job: jobOf({
        ...over({ stopReason: 'PrecisionReached' }),
        spec: { precision: { metric: 'price', relativeError: '0.1' } },
      }),
    },
  ],
  ['no precision is asked for', 'PrecisionReached', 'NotRequested', {}],
  [
    'the deadline passed',
    'Failed',
    'DeadlineExceeded',
    { job: jobOf(over({ state: 'Failed', stopReason: 'DeadlineExceeded' })) },
  ],
  ['it was cancelled', 'Succeeded', 'Cancelled', { job: jobOf(over({ state: 'Cancelled', stopReason: 'Cancelled' })) }],
  ['a threshold is undecided', 'ThresholdCrossed', 'Undecided', { job: jobOf({ spec: { thresholds } }) }],
  ['all thresholds are decided', 'ThresholdCrossed', 'NotCrossed', verdicts('NotCrossed')],
  ['a threshold is crossed', 'ThresholdCrossed', 'Crossed', verdicts('Crossed')],
  ['the interval is wide yet', 'PrecisionReached', 'NotYet', { job: jobOf({ spec: { precision } }) }],
  [
    'it ended with a wide interval',
    'PrecisionReached',
    'NotReached',
    { job: jobOf({ ...over(), spec: { precision } }) },
  ],
  ['it is not suspended', 'Suspended', 'NotSuspended', {}],
  ...(['Running', 'Suspended'] as const).map((type) => ['it is suspended', type, 'Suspended', suspended] as const),
  ['it is over', 'Suspended', 'Finished', { job: jobOf(over()) }],
  ['no threshold is asked for', 'ThresholdCrossed', 'NotRequested', {}],
  ['it is not over', 'Succeeded', 'NotFinished', {}],
  ['it is not over', 'Failed', 'NotFinished', {}],
  ...(['Scheduled', 'Running'] as const).map(
    (type) => ['the platform has refused it', type, 'NotAccepted', { acceptance: forbidden, job: null }] as const,
  ),
  ...stopReason.options.flatMap((reason) =>
    (['Succeeded', 'Failed'] as const).map(
      (type) => [`it stopped by ${reason}`, type, reason, stopped(reason)] as const,
    ),
  ),
];

for (const [why, type, reason, given] of whys) {
  test(`${type} is ${reason} when ${why}`, () => {
    const status = simulationJobStatus.parse(statusOf(observed(given)));
    assert.equal(reasonOf(status, type), reason);
    for (const condition of status.conditions ?? [])
      assert.ok(
        Object.hasOwn(jobConditions[condition.type], condition.reason),
        `${condition.type} ${condition.reason}`,
      );
  });
}

test('each reason of the reference is said by some test, but for those of Accepted, which rounds say', () => {
  const said = new Set(whys.map(([, type, reason]) => `${type} ${reason}`));
  // Below.
  said.add('Running PlatformUnavailable');
  const documented = Object.entries(jobConditions).flatMap(([type, reasons]) =>
    type === 'Accepted' ? [] : Object.keys(reasons).map((reason) => `${type} ${reason}`),
  );
  assert.deepEqual(
    documented.filter((each) => !said.has(each)),
    [],
  );
});

const refusals: readonly (readonly [ConstructorParameters<typeof SimfleetError>[0], string, string])[] = [
  ['invalid-request', 'False', 'InvalidSpec'],
  ['immutable', 'False', 'Immutable'],
  ['job-over', 'False', 'Immutable'],
  ['already-exists', 'False', 'NameTaken'],
  ['forbidden', 'False', 'Forbidden'],
  ['engine-unavailable', 'False', 'EngineUnavailable'],
  ['unavailable', 'Unknown', 'PlatformUnavailable'],
  ['storage-full', 'Unknown', 'PlatformUnavailable'],
];
for (const [code, status, reason] of refusals) {
  test(`${code} of the platform is told as ${reason}`, () => {
    const said = refusal(new SimfleetError(code, 'why'));
    assert.deepEqual([said?.status, said?.reason], [status, reason]);
    const written = simulationJobStatus.parse(statusOf(observed({ acceptance: said ?? accepted, job: null })));
    assert.equal(written.state, status === 'False' ? 'Rejected' : 'Pending');
  });
}

test('mistakes are told with their pointers', () => {
  const mistakes = [{ pointer: '/spec/parameters/type', detail: 'must be call or put' }];
  const said = refusal(new SimfleetError('invalid-request', 'x', { mistakes }));
  assert.equal(said?.message, 'spec/parameters/type: must be call or put');
  assert.equal(refusal(new Error('a fault of ours')), null);
});

test('a platform that does not answer takes nothing away from what is known', () => {
  const before = statusOf(observed({ job: jobOf({ state: 'Running', estimates: [estimate] }) }));
  const silence = refusal(new SimfleetError('unavailable', 'no answer'))!;
  const after = statusOf(observed({ resource: resourceOf({ status: before }), acceptance: silence, job: null }));
  assert.deepEqual(
    [reasonOf(after, 'Accepted'), reasonOf(after, 'Running')],
    ['PlatformUnavailable', 'PlatformUnavailable'],
  );
  assert.deepEqual([after.value, after.jobId], [before.value, before.jobId]);
});

test('the columns: value, half-width, progress and time left', () => {
  const progress = { ...jobOf().progress, fraction: 0.424, remainingSeconds: 200 };
  const status = statusOf(observed({ job: jobOf({ state: 'Running', estimates: [estimate], progress }) }));
  assert.deepEqual(
    [status.value, status.halfWidth, status.progress?.text, status.progress?.eta],
    ['5.4322', '0.02', '42 %', '3m20s'],
  );
  assert.equal(status.estimates?.[0]?.value, '5.4321987654');
});

test('spans and percentages never round to an end that is not reached', () => {
  assert.deepEqual([0, 59, 60, 3725, 90_000].map(shortSpan), ['0s', '59s', '1m', '1h2m', '1d1h']);
  assert.deepEqual([0, 0.999, 1].map(percent), ['0 %', '99 %', '100 %']);
});

test('a status stays under 16 KB at 1,000 shards, with everything that can be said', () => {
  const thresholds = Array.from({ length: 32 }, (_, index) => ({
    name: `t${'x'.repeat(58)}${index}`,
    metric: 'price',
    below: '1',
  }));
  const estimates = Array.from({ length: 16 }, (_, index) => ({
    ...estimate,
    name: `m${'x'.repeat(58)}${index}`,
    value: -Number.MAX_VALUE / 3,
  }));
  const job: Job = jobOf({
    ...{ state: 'Running', estimates, message: 'ü'.repeat(4000), spec: { shards: 1000, thresholds } },
    thresholds: thresholds.map(({ name }) => ({ name, verdict: 'Crossed' as const })),
  });
  const pods = Array.from({ length: 1000 }, (_, index) => podOf(index, waiting('ErrImagePull')));
  const status = simulationJobStatus.parse(statusOf(observed({ job, child: childOf(job, { active: 1000 }), pods })));
  assert.ok(Buffer.byteLength(JSON.stringify(status)) < 16_384, String(Buffer.byteLength(JSON.stringify(status))));
});

test('turns are written at once, figures every ten seconds, and nothing when nothing changed', () => {
  const before = statusOf(observed({ job: jobOf({ state: 'Running' }) }));
  const at = (job: Job, later: number) => {
    const later_ = new Date(now + later).toISOString();
    return statusWrite(
      before,
      statusOf(observed({ resource: resourceOf({ status: before }), job, time: later_ })),
      now + later,
    );
  };
  const same = jobOf({ state: 'Running' });
  const further = jobOf({ state: 'Running', estimates: [estimate] });
  assert.deepEqual(at(same, 60_000), { kind: 'nothing' });
  assert.deepEqual(at(further, 4_000), { kind: 'later', afterMs: 6_000 });
  assert.equal(at(further, 10_000).kind, 'now');
  const turn = at(jobOf(over()), 1);
  assert.equal(turn.kind, 'now');
  assert.equal(statusWrite(undefined, before, now).kind, 'now');
});

test('the patch removes what is no more said', () => {
  const before = statusOf(
    observed({ job: jobOf({ ...over(), progress: { ...jobOf().progress, remainingSeconds: 3 } }) }),
  );
  const after = statusOf(observed({ resource: resourceOf({ status: before }), job: jobOf({ run: 2 }) }));
  const write = statusWrite(before, after, now);
  assert.ok(write.kind === 'now');
  assert.equal(write.patch['resultDigest'], null);
  assert.equal(write.patch['completionTime'], null);
});

test('turns become Events, each once', () => {
  const first = statusOf(observed());
  const second = statusOf(observed({ resource: resourceOf({ status: first }), job: jobOf({ state: 'Running' }) }));
  const last = statusOf(
    observed({ resource: resourceOf({ status: second }), job: jobOf({ ...over(), estimates: [estimate] }) }),
  );
  const reasons = (...statuses: Parameters<typeof announcements>) =>
    announcements(...statuses).map(({ reason }) => reason);
  assert.deepEqual(reasons(undefined, first), ['Accepted']);
  assert.deepEqual(reasons(first, second), ['Started']);
  assert.deepEqual(reasons(second, second), []);
  assert.deepEqual(announcements(second, last), [
    { type: 'Normal', reason: 'Succeeded', action: 'Finish', note: 'Completed: 5.4322 ± 0.02' },
  ]);
});

test('a full queue is a reason to ask again, and no refusal for good', () => {
  const full = new SimfleetError('quota-exceeded', 'the customer has 10 of 10 queued jobs');
  const acceptance = refusal(full);
  assert.deepEqual([acceptance?.status, acceptance?.reason], ['Unknown', 'QuotaExceeded']);
  const status = statusOf(observed({ acceptance: acceptance ?? accepted, job: null }));
  assert.equal(status.state, 'Pending');
});
