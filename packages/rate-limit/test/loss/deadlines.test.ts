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

  /** A clock whose timers ring when they are told to, and say how long they were to wait. */
  const looseClock = () => {
    const timers: { readonly ms: number; readonly ring: () => void }[] = [];
    const clock = {
      now: 0,
      timers,
      monotonic: () => clock.now,
      after(ms: number, ring: () => void) {
        timers.push({ ms, ring });
        return () => undefined;
      },
      ring(now: number) {
        clock.now = now;
        timers.shift()?.ring();
      },
    };
    return clock;
  };

  void test('read what has come before they give up, however late their timer is', () => {
    for (const late of [0, 1, 4]) {
      const clock = looseClock();
      const deadlines = new Deadlines(clock, 100);
      const ended: string[] = [];
      const answered = deadlines.add(() => ended.push('answered'));
      clock.ring(100 + late);
      assert.deepEqual(ended, [], 'the answer may lie in the socket');
      assert.deepEqual(
        clock.timers.map(({ ms }) => ms),
        [0],
      );
      answered.answered();
      clock.ring(101 + late);
      assert.deepEqual(ended, []);
      assert.equal(clock.timers.length, 0);
    }
  });

  void test('wait a moment for what the process, which stood still, may have sent only now', () => {
    const clock = looseClock();
    const deadlines = new Deadlines(clock, 100);
    const ended: string[] = [];
    const [answered, mute] = ['answered', 'mute'].map((name) => deadlines.add(() => ended.push(name)));
    clock.ring(500);
    assert.deepEqual(
      clock.timers.map(({ ms }) => ms),
      [20],
    );
    answered?.answered();
    clock.ring(520);
    assert.deepEqual(ended, [], 'the answers may lie in the socket');
    clock.ring(521);
    assert.deepEqual(ended, ['mute']);
    assert.equal(mute?.open, false);
    assert.equal(clock.timers.length, 0);
  });

  void test('grant that moment again to what began in it, should the process stand still again', () => {
    const clock = looseClock();
    const deadlines = new Deadlines(clock, 100);
    const ended: string[] = [];
    const mute = deadlines.add(() => ended.push('mute'));
    clock.ring(500);
    clock.now = 505;
    const answered = deadlines.add(() => ended.push('answered'));
    const waits = () => clock.timers.map(({ ms }) => ms);
    // Its end has passed too when the timer comes, and it may not have been sent before.
    clock.ring(900);
    assert.deepEqual([ended, waits()], [[], [0]]);
    clock.ring(901);
    assert.deepEqual([ended, mute.open, waits()], [['mute'], false, [0]], 'what was heard out is given up');
    clock.ring(902);
    assert.deepEqual(waits(), [20]);
    answered.answered();
    clock.ring(922);
    assert.deepEqual([ended, waits()], [['mute'], []]);
  });

  void test('hold no more than is open, a thousand answered ones aside', () => {
    const clock = fakeClock();
    const deadlines = new Deadlines(clock, 100);
    for (let n = 0; n < 100_000; n += 1) deadlines.add(() => undefined).answered();
    assert.ok(deadlines.length <= 1_024, `${deadlines.length}`);
  });
});
