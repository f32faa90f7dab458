import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookAfter, lookShare, minimumBlocks } from '../../src/judging/looks.ts';

const schedule = (until: number): readonly number[] => {
  const looks: number[] = [];
  for (let blocks = lookAfter(0); blocks <= until; blocks = lookAfter(blocks)) looks.push(blocks);
  return looks;
};

test('the first look is at the minimum of blocks', () => {
  assert.equal(lookAfter(0), minimumBlocks);
});

test('each look is at least one block and at most 10 % further than the one before', () => {
  const looks = schedule(1e9);
  for (const [index, blocks] of looks.entries()) {
    const before = looks[index - 1];
    if (before === undefined) continue;
    assert.ok(blocks >= before + 1 && blocks <= Math.max(before + 1, before * 1.1), `${before} → ${blocks}`);
  }
});

test('the schedule is pinned: to change it changes the results of jobs', () => {
  assert.deepEqual(schedule(80).slice(0, 5), [16, 17, 18, 19, 20]);
  assert.deepEqual(schedule(110).slice(-6), [85, 89, 93, 97, 101, 106]);
  assert.ok(schedule(2 ** 53).length < 800);
});

test('the error shares of all looks are positive, fall, and never use more than the whole', () => {
  let [sum, last] = [0, 1];
  for (let look = 1; look <= 100_000; look += 1) {
    const share = lookShare(look);
    assert.ok(share > 0 && share < last);
    sum += share;
    last = share;
  }
  assert.ok(sum < 1 && sum > 0.98);
});
