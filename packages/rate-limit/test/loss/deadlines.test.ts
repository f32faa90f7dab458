import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fakeClock } from '@simfleet/testing';
import { Deadlines } from '../../src/loss/deadlines.ts';

void suite('Waits on one timer', () => {
  void test('end each at its time, unless answered', async () => {
    const clock = fakeClock();
    const deadlines = new Deadlines(clock, 100);
    const ended: [string, number][] = [];
    const add = (name: string) => deadlines.add(() => ended.push([name, clock.monotonic()]));
    add('a');
    await clock.advance(30);
    const answered = add('b');
    await clock.advance(30);
    add('c');
    assert.equal(clock.waiting, 1);
    answered.answered();
    await clock.advance(200);
    assert.deepEqual(ended, [
      ['a', 100],
      ['c', 160],
    ]);
    assert.equal(clock.waiting, 0);
    add('d');
    await clock.advance(100);
    assert.deepEqual(ended.at(-1), ['d', 360]);
  });

  void test('tell those that were answered from those that began with them', async () => {
    const clock = fakeClock();
    const deadlines = new Deadlines(clock, 100);
    const ended: string[] = [];
    const [, second] = ['first', 'second', 'third'].map((name) => deadlines.add(() => ended.push(name)));
    second?.answered();
    await clock.advance(100);
    assert.deepEqual(ended, ['first', 'third']);
  });

  void test('read what has come while the process stood still, before they give up', () => {
    let now = 0;
    const timers: (() => void)[] = [];
    const clock = {
      monotonic: () => now,
      after: (_: number, callback: () => void) => {
        timers.push(callback);
        return () => undefined;
      },
    };
    const deadlines = new Deadlines(clock, 100);
    const ended: string[] = [];
    const [answered, mute] = ['answered', 'mute'].map((name) => deadlines.add(() => ended.push(name)));
    now = 500;
    timers.shift()?.();
    assert.deepEqual(ended, [], 'the answers may lie in the socket');
    answered?.answered();
    now = 501;
    timers.shift()?.();
    assert.deepEqual(ended, ['mute']);
    assert.equal(mute?.open, false);
    assert.equal(timers.length, 0);
  });

  void test('hold no more than is open, a thousand answered ones aside', () => {
    const clock = fakeClock();
    const deadlines = new Deadlines(clock, 100);
    for (let n = 0; n < 100_000; n += 1) deadlines.add(() => undefined).answered();
    assert.ok(deadlines.length <= 1_024, `${deadlines.length}`);
  });
});
