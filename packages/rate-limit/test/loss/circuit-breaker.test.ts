import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fakeClock, type FakeClock } from '@simfleet/testing';
import { CircuitBreaker } from '../../src/loss/circuit-breaker.ts';

const broken = new Error('broken');

/** A breaker whose checks pass, with the chance that makes pauses shortest. */
const breakerOn = (clock: FakeClock, changes: boolean[] = []): CircuitBreaker =>
  new CircuitBreaker({
    clock,
    random: () => 0,
    check: () => Promise.resolve(),
    onChange: (up) => changes.push(up),
  });

const open = (breaker: CircuitBreaker): void => {
  for (let n = 0; n < 5; n += 1) breaker.failed(breaker.enter(), broken);
};

void suite('A circuit breaker', () => {
  void test('learns nothing about the trial from calls of an earlier time', async () => {
    for (const outcome of ['succeeded', 'failed'] as const) {
      const clock = fakeClock();
      const breaker = breakerOn(clock);
      const early = breaker.enter();
      open(breaker);
      await clock.advance(50);
      const trial = breaker.enter();
      assert.equal(breaker.state, 'trial');
      breaker[outcome](early, broken);
      assert.equal(breaker.state, 'trial');
      breaker.succeeded(trial);
      assert.equal(breaker.state, 'up');
      for (let n = 0; n < 10; n += 1) breaker.failed(early, broken);
      assert.equal(breaker.state, 'up');
    }
  });

  void test('opens at once when nothing answered for the whole of the time-out: a request that asks twice waits once', () => {
    const breaker = breakerOn(fakeClock());
    breaker.failed(breaker.enter(), broken, true);
    assert.equal(breaker.enter(), -1);
    assert.equal(breaker.state, 'away');
  });

  void test('tries again with the next call when the trial came to nothing', async () => {
    const clock = fakeClock();
    const breaker = breakerOn(clock);
    open(breaker);
    await clock.advance(50);
    const first = breaker.enter();
    assert.equal(breaker.enter(), -1);
    breaker.toldNothing(first);
    assert.ok(breaker.enter() >= 0);
  });

  void test('tells of each change once', async () => {
    const clock = fakeClock();
    const changes: boolean[] = [];
    const breaker = breakerOn(clock, changes);
    open(breaker);
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(5_000);
      breaker.failed(breaker.enter(), broken);
    }
    await clock.advance(5_000);
    breaker.succeeded(breaker.enter());
    assert.deepEqual(changes, [false, true]);
  });

  void test('leaves no timer behind when it is stopped', async () => {
    const clock = fakeClock();
    const breaker = breakerOn(clock);
    open(breaker);
    assert.equal(clock.waiting, 1);
    breaker.stop();
    assert.equal(clock.waiting, 0);
    await clock.advance(10_000);
    assert.equal(breaker.state, 'away');
  });
});
