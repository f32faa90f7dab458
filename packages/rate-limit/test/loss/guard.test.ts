import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { Charge, ConcurrencyRule, Decision, TokenBucketRule } from '../../src/index.ts';
import { left } from './faulty-store.ts';
import { admitted, guardBench, log, lose, recover, timeoutMs, valueOf } from './guarded.ts';

const unavailable = (error: unknown): boolean => errorCode(error) === 'unavailable';

void suite('A guarded store that is well', () => {
  void test('answers as the store does', async () => {
    const { guard, inner, clock } = guardBench();
    const rule = log('closed', 2);
    const told = await guard.decideOne({ rule, key: 'a' });
    assert.deepEqual([told.allowed, told.remaining], [true, 1]);
    assert.equal(admitted(await guard.decide([{ rule, key: 'a' }])), 1);
    assert.equal((await guard.decideOne({ rule, key: 'a' })).allowed, false);
    assert.equal(await left(inner, rule, 'a'), 0);
    await guard.refund({ rule, key: 'a' }, told.at);
    assert.equal(await left(guard, rule, 'a'), 1);
    await guard.reset(rule, 'a');
    assert.equal(await left(guard, rule, 'a'), 2);
    assert.equal(guard.state, 'up');
    await guard.close();
    await clock.advance(timeoutMs);
    assert.equal(clock.waiting, 0);
  });

  void test('hands a charge out of range back, and does not take it for a loss', async () => {
    const { guard } = guardBench();
    for (let n = 0; n < 20; n += 1) {
      await assert.rejects(
        async () => guard.decideOne({ rule: log('open'), key: 'a', cost: -1 }),
        (error) => errorCode(error) === 'invalid-request',
      );
    }
    assert.equal(guard.state, 'up');
  });
});

void suite('A rule whose store is lost', () => {
  void test('admits everything when it is open', async () => {
    const bench = guardBench();
    await lose(bench);
    const rule = log('open', 2);
    for (let n = 0; n < 10; n += 1) assert.equal((await bench.guard.decideOne({ rule, key: 'a' })).allowed, true);
    assert.equal((await bench.guard.peek({ rule, key: 'a' })).allowed, true);
    const labels = { policy: 'open', outcome: 'admitted', rule: 'open-log' };
    assert.equal(await valueOf(bench.metrics, 'simfleet_rate_limit_lost_decisions_total', labels), 15);
  });

  void test('answers `unavailable` when it is closed', async () => {
    const bench = guardBench();
    await lose(bench);
    await assert.rejects(async () => bench.guard.decideOne({ rule: log('closed'), key: 'a' }), unavailable);
    await assert.rejects(async () => bench.guard.peek({ rule: log('closed'), key: 'a' }), unavailable);
    const labels = { policy: 'closed', outcome: 'unavailable' };
    assert.equal(await valueOf(bench.metrics, 'simfleet_rate_limit_lost_decisions_total', labels), 1);
  });

  void test('admits limit ÷ replicas when it shares, and at least one', async () => {
    const bench = guardBench({ replicas: 3 });
    await lose(bench);
    for (const [limit, share] of [
      [100, 33],
      [2, 1],
    ] as const) {
      const rule = log('share', limit);
      const decisions: Decision[] = [];
      for (let n = 0; n < 100; n += 1) decisions.push(await bench.guard.decideOne({ rule, key: `of ${limit}` }));
      assert.equal(admitted(decisions), share);
    }
  });

  void test('shares the burst of a bucket too', async () => {
    const bench = guardBench({ replicas: 3 });
    await lose(bench);
    const rule: TokenBucketRule = {
      name: 'share-bucket',
      algorithm: 'token-bucket',
      limit: 90,
      burst: 10,
      windowMs: 60_000,
    };
    const decisions: Decision[] = [];
    for (let n = 0; n < 20; n += 1) decisions.push(await bench.guard.decideOne({ rule, key: 'a' }));
    assert.equal(admitted(decisions), 3);
  });

  void test('refuses a charge out of range, as the store would', async () => {
    const bench = guardBench();
    await lose(bench);
    for (const policy of ['open', 'closed', 'share'] as const) {
      await assert.rejects(
        async () => bench.guard.decideOne({ rule: log(policy), key: 'a', cost: Number.NaN }),
        (error) => errorCode(error) === 'invalid-request',
      );
    }
  });

  void test('says when to ask again about a cost that only the whole limit holds', async () => {
    const bench = guardBench({ replicas: 4 });
    await lose(bench);
    const told = await bench.guard.decideOne({ rule: log('share', 100), key: 'a', cost: 60 });
    assert.equal(told.allowed, false);
    assert.ok((told.retryAfterMs ?? 0) > 0);
    const never = await bench.guard.decideOne({ rule: log('share', 100), key: 'a', cost: 101 });
    assert.equal(never.retryAfterMs, null);
  });

  void test('is closed for all rules that are decided together when one of them is, and nothing is counted', async () => {
    const bench = guardBench({ replicas: 1 });
    await lose(bench);
    const [shared, closed, open] = [log('share', 1), log('closed'), log('open')];
    const all = [shared, closed, open].map((rule) => ({ rule, key: 'a' }));
    await assert.rejects(async () => bench.guard.decide(all), unavailable);
    const two = [shared, open].map((rule) => ({ rule, key: 'a' }));
    assert.deepEqual(
      (await bench.guard.decide(two)).map(({ allowed }) => allowed),
      [true, true],
    );
    assert.deepEqual(
      (await bench.guard.decide(two)).map(({ allowed }) => allowed),
      [false, true],
    );
  });

  void test('gives back to the share what the share admitted, and to the store what the store admitted', async () => {
    const bench = guardBench({ replicas: 1 });
    const rule = log('share', 2);
    const before = await bench.guard.decideOne({ rule, key: 'a' });
    await lose(bench);
    const during = await bench.guard.decideOne({ rule, key: 'a' });
    const open = await bench.guard.decideOne({ rule: log('open'), key: 'a' });
    await bench.guard.refund({ rule, key: 'a' }, during.at);
    await bench.guard.refund({ rule: log('open'), key: 'a' }, open.at);
    assert.equal(await left(bench.guard, rule, 'a'), 2);
    await bench.guard.refund({ rule, key: 'a' }, before.at);
    assert.equal(await valueOf(bench.metrics, 'simfleet_rate_limit_lost_refunds_total'), 1);
    assert.equal(await left(bench.guard, rule, 'a'), 2, 'the share is not credited for it');
    const again = await bench.guard.decideOne({ rule, key: 'a' });
    await recover(bench);
    assert.equal(await left(bench.inner, rule, 'a'), 1, 'the lost refund errs to refuse');
    await bench.guard.refund({ rule, key: 'a' }, again.at);
    assert.equal(await left(bench.inner, rule, 'a'), 1, 'the store is not credited for a share');
    await bench.guard.refund({ rule, key: 'a' }, before.at);
    assert.equal(await left(bench.inner, rule, 'a'), 2);
  });

  void test('ends a lease wherever it is held', async () => {
    const bench = guardBench({ replicas: 1 });
    const rule: ConcurrencyRule = { name: 'share-jobs', algorithm: 'concurrency', limit: 1, leaseMs: 60_000 };
    const charge = (lease: string) => ({ rule, key: 'a', lease });
    const before = await bench.guard.decideOne(charge('before'));
    await lose(bench);
    const during = await bench.guard.decideOne(charge('during'));
    assert.deepEqual([before.allowed, during.allowed], [true, true]);
    assert.equal((await bench.guard.decideOne(charge('more'))).allowed, false);
    await bench.guard.refund(charge('during'), during.at);
    assert.equal((await bench.guard.decideOne(charge('more'))).allowed, true);
    await recover(bench);
    assert.equal((await bench.guard.decideOne(charge('other'))).allowed, false);
    await bench.guard.refund(charge('before'), before.at);
    assert.equal((await bench.guard.decideOne(charge('other'))).allowed, true);
  });

  void test('ends a lease that was renewed on the other side, whichever admission is named', async () => {
    const rule: ConcurrencyRule = { name: 'share-jobs', algorithm: 'concurrency', limit: 1, leaseMs: 60_000 };
    const [one, other] = ['one', 'other'].map((lease) => ({ rule, key: 'a', lease })) as [Charge, Charge];
    const bench = guardBench({ replicas: 1 });
    const held = await bench.guard.decideOne(one);
    await lose(bench);
    const renewed = await bench.guard.decideOne(one);
    assert.ok(held.at >= 0 && renewed.at < 0);
    await bench.guard.refund(one, held.at);
    assert.equal((await bench.guard.decideOne(other)).allowed, true, 'it is over in the share');
    await recover(bench);
    assert.equal(
      (await bench.guard.decideOne(other)).allowed,
      false,
      'and held in the store, which did not hear of it',
    );
    await bench.guard.refund(one, renewed.at);
    assert.equal((await bench.guard.decideOne(other)).allowed, true);
  });

  void test('gives a bucket of the store nothing for an admission of the share, nor the other way round', async () => {
    const rule: TokenBucketRule = { name: 'share-bucket', algorithm: 'token-bucket', limit: 3, windowMs: 3_600_000 };
    const bench = guardBench({ replicas: 1 });
    const before = await bench.guard.decideOne({ rule, key: 'a' });
    await lose(bench);
    const during = await bench.guard.decideOne({ rule, key: 'a' });
    await bench.guard.refund({ rule, key: 'a' }, before.at);
    assert.equal(await left(bench.guard, rule, 'a'), 2);
    await recover(bench);
    await bench.guard.refund({ rule, key: 'a' }, during.at);
    assert.equal(await left(bench.guard, rule, 'a'), 2);
  });

  void test('cannot be reset or checked, but its share is forgotten', async () => {
    const bench = guardBench({ replicas: 1 });
    await lose(bench);
    const rule = log('share', 1);
    await bench.guard.decideOne({ rule, key: 'a' });
    await assert.rejects(async () => bench.guard.reset(rule, 'a'), unavailable);
    assert.equal((await bench.guard.decideOne({ rule, key: 'a' })).allowed, true);
    await assert.rejects(() => bench.guard.check(), unavailable);
  });
});

void suite('An answer after the time-out', () => {
  void test('is waited for once by who asks twice', async () => {
    const { guard, faulty, clock } = guardBench();
    faulty.trouble = 'hangs';
    const first = guard.decideOne({ rule: log('open'), key: 'a' });
    await clock.advance(timeoutMs);
    assert.equal((await first).allowed, true);
    assert.equal((await guard.decideOne({ rule: log('open'), key: 'a' })).allowed, true);
  });

  void test('is given back when the caller was refused', async () => {
    const { guard, faulty, inner, clock, metrics } = guardBench();
    faulty.trouble = 'hangs';
    const told = assert.rejects(async () => guard.decideOne({ rule: log('closed'), key: 'a' }), unavailable);
    await clock.advance(timeoutMs);
    await told;
    faulty.trouble = 'none';
    faulty.wake();
    await clock.advance(0);
    assert.equal(await left(inner, log('closed'), 'a'), 100);
    assert.equal(await valueOf(metrics, 'simfleet_rate_limit_late_admissions_total'), 1);
  });

  void test('stays counted when the caller was admitted', async () => {
    const { guard, faulty, inner, clock } = guardBench();
    faulty.trouble = 'hangs';
    const told = guard.decideOne({ rule: log('open'), key: 'a' });
    await clock.advance(timeoutMs);
    assert.equal((await told).allowed, true);
    faulty.trouble = 'none';
    faulty.wake();
    await clock.advance(0);
    assert.equal(await left(inner, log('open'), 'a'), 99);
  });

  void test('leaves a lease and what was forced', async () => {
    const { guard, faulty, inner, clock } = guardBench();
    const jobs: ConcurrencyRule = { name: 'closed-jobs', algorithm: 'concurrency', limit: 3, leaseMs: 60_000 };
    await guard.decideOne({ rule: jobs, key: 'a', lease: 'one' });
    faulty.trouble = 'hangs';
    const renewed = assert.rejects(async () => guard.decideOne({ rule: jobs, key: 'a', lease: 'one' }), unavailable);
    const forced = assert.rejects(
      async () => guard.decideOne({ rule: log('closed'), key: 'a', force: true }),
      unavailable,
    );
    await clock.advance(timeoutMs);
    await Promise.all([renewed, forced]);
    faulty.trouble = 'none';
    faulty.wake();
    await clock.advance(0);
    assert.equal(await left(inner, jobs, 'a'), 2);
    assert.equal(await left(inner, log('closed'), 'a'), 99);
  });
});
