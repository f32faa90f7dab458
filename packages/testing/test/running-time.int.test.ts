import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runningTime, until } from '@simfleet/testing';

test('time in which a process waits counts, time in which it stands still does not', async () => {
  const begun = performance.now();
  const running = runningTime();
  await until('half a second', () => running() >= 500);
  assert.ok(performance.now() - begun >= 499, 'it never runs ahead');
  const [before, end] = [running(), performance.now() + 500];
  while (performance.now() < end);
  assert.ok(running() - before < 25);
});
