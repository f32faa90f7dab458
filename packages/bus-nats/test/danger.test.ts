import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nanos } from '@nats-io/transport-node';
import { dangerOf } from '../src/durable/danger.ts';

const now = 1_000_000;
/** An event of this age and with so many newer ones, in a stream with these limits; 0 and -1 are none. */
const danger = (ageMs: number, newer: number, maxAgeMs: number, maxCount: number): string | null =>
  dangerOf(
    { sequence: 100, storedAt: now - ageMs },
    { config: { max_age: nanos(maxAgeMs), max_msgs: maxCount }, state: { last_seq: 100 + newer } },
    now,
  );

test('an event is in danger once it is more than half way to a limit', () => {
  assert.equal(danger(500, 50, 1000, 100), null);
  assert.match(danger(501, 0, 1000, 100) ?? '', /^it is 501 ms behind and events are kept for 1000 ms$/);
  assert.match(danger(0, 51, 1000, 100) ?? '', /^it is 51 events behind and the newest 100 are kept$/);
  assert.match(danger(600, 60, 1000, 100) ?? '', /600 ms.*; .*60 events/);
});

test('without a limit there is no danger', () => {
  assert.equal(danger(1e9, 1e9, 0, -1), null);
});
