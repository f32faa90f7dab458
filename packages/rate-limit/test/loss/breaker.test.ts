import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { guardBench, log, lose, recover, timeoutMs, valueOf } from './guarded.ts';

const charge = { rule: log('open'), key: 'a' };

void suite('The circuit breaker of a guarded store', () => {
  void test('opens after five failures in a row: then nobody waits and nothing is asked', async () => {
    const { guard, faulty, clock, metrics, entries } = guardBench();
    faulty.trouble = 'mute';
    for (let n = 0; n < 5; n += 1) {
      const told = guard.decideOne(charge);
      await clock.advance(timeoutMs);
      assert.equal((await told).allowed, true);
    }
    assert.equal(guard.state, 'away');
    assert.equal(await valueOf(metrics, 'simfleet_rate_limit_store_up'), 0);
    const asked = faulty.calls;
    for (let n = 0; n < 100; n += 1) assert.equal((await guard.decideOne(charge)).allowed, true, 'without the clock');
    assert.equal(faulty.calls, asked);
    assert.deepEqual(
      entries().map(({ level }) => level),
      ['warn'],
    );
  });

  void test('stays closed while failures are few', async () => {
    const { guard, faulty } = guardBench();
    for (let n = 0; n < 100; n += 1) {
      faulty.trouble = n % 3 === 0 ? 'refuses' : 'none';
      await guard.decideOne(charge);
    }
    assert.equal(guard.state, 'up');
  });

  void test('opens when half of the last twenty calls failed', async () => {
    const { guard, faulty } = guardBench();
    for (let n = 0; n < 20; n += 1) {
      faulty.trouble = n % 2 === 0 ? 'refuses' : 'none';
      await guard.decideOne(charge);
    }
    assert.equal(guard.state, 'away');
  });

  void test('checks one at a time with growing pauses', async () => {
    const bench = guardBench();
    await lose(bench);
    bench.faulty.trouble = 'mute';
    const at: number[] = [];
    for (let ms = 0; ms < 40_000; ms += 10) {
      const { checks } = bench.faulty;
      await bench.clock.advance(10);
      if (bench.faulty.checks > checks) at.push(ms + 10);
    }
    const gaps = at.map((ms, index) => ms - (at[index - 1] ?? 0));
    const pauses = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];
    assert.deepEqual(
      gaps.slice(0, 10),
      pauses.map((pause, index) => pause + (index === 0 ? 0 : timeoutMs)),
    );
  });

  void test('tries one call alone once a check has passed, and closes when it succeeds', async () => {
    const bench = guardBench();
    const { guard, faulty, clock, entries, metrics } = bench;
    await lose(bench);
    faulty.trouble = 'none';
    await clock.advance(100);
    assert.equal(guard.state, 'back');
    const asked = faulty.calls;
    faulty.trouble = 20;
    const calls = [1, 2, 3].map(async () => guard.decideOne(charge));
    assert.equal(guard.state, 'trial');
    assert.equal(faulty.calls, asked + 1);
    await clock.advance(20);
    const told = await Promise.all(calls);
    assert.deepEqual(
      told.map(({ at }) => at >= 0),
      [true, false, false],
    );
    assert.equal(guard.state, 'up');
    assert.equal(await valueOf(metrics, 'simfleet_rate_limit_store_up'), 1);
    assert.deepEqual(
      entries().map(({ level, lostMs }) => [level, lostMs]),
      [
        ['warn', undefined],
        ['info', 120],
      ],
    );
  });

  void test('goes on looking when the trial fails, and says nothing more', async () => {
    const bench = guardBench();
    const { guard, faulty, clock, entries } = bench;
    await lose(bench);
    faulty.trouble = 'none';
    await clock.advance(100);
    faulty.trouble = 'refuses';
    await guard.decideOne(charge);
    assert.equal(guard.state, 'away');
    assert.equal(entries().length, 1);
    await recover(bench);
    assert.equal(guard.state, 'up');
    assert.equal(entries().length, 2);
  });

  void test('goes on with its pauses when the store is lost again at once', async () => {
    const bench = guardBench();
    const { guard, faulty, clock } = bench;
    for (let n = 0; n < 6; n += 1) {
      await lose(bench);
      faulty.trouble = 'none';
      await clock.advance(100 * 2 ** n - 1);
      assert.equal(guard.state, 'away', `round ${n}`);
      await clock.advance(1);
      await guard.decideOne(charge);
      assert.equal(guard.state, 'up', `round ${n}`);
    }
    await clock.advance(5_001);
    await lose(bench);
    faulty.trouble = 'none';
    await clock.advance(100);
    assert.equal(guard.state, 'back');
  });

  void test('takes no late answer for an answer of now', async () => {
    const bench = guardBench();
    const { guard, faulty, clock } = bench;
    faulty.trouble = timeoutMs - 1;
    const slow = Array.from({ length: 10 }, async () => guard.decideOne(charge));
    await lose(bench);
    await recover(bench);
    await Promise.all(slow);
    faulty.trouble = 'refuses';
    for (let n = 0; n < 4; n += 1) await guard.decideOne(charge);
    assert.equal(guard.state, 'up');
    await guard.decideOne(charge);
    assert.equal(guard.state, 'away');
    await guard.close();
    await clock.advance(60_000);
    assert.equal(clock.waiting, 0, 'nothing looks for the store any more');
  });
});
