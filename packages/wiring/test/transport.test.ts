import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsInTheClear, isForOneProcess } from '@simfleet/wiring';

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['sqlite:', []],
  ['memory:', []],
  ['postgres://me:pw@localhost:5432/db', []],
  ['postgres://me:pw@127.0.0.1/db?sslmode=disable', []],
  ['postgres://[::1]:5432/db', []],
  ['postgres:///db?host=/var/run/postgresql', []],
  ['postgres://%2Fvar%2Frun%2Fpostgresql/db', []],
  ['postgres://me:pw@db.example.com/db', ['db.example.com']],
  ['postgres://me:p@w@db.example.com/db?sslmode=prefer', ['db.example.com']],
  ['postgres:///db?host=db.example.com', ['db.example.com']],
  ['postgres://db.example.com/db?sslmode=verify-full', []],
  ['mongodb://a.example.com:27017,localhost,b.example.com/db?replicaSet=r', ['a.example.com', 'b.example.com']],
  ['mongodb://a.example.com/db?tls=true', []],
  ['mongodb+srv://a.example.com/db', []],
  ['mongodb+srv://a.example.com/db?tls=false', ['a.example.com']],
  // Passwords with a character that has to be percent-encoded cut the URL in the wrong place.
  ['postgres://me:correct/horse@db.example.com/db', []],
  ['postgres://me:correct#horse@db.example.com/db', []],
  ['mongodb://me:correct?host=horse:battery@db.example.com/db', []],
  ['postgres://[2001:db8::1]:5432/db', ['[2001:db8::1]']],
  ['nats://10.0.0.7:4222', ['10.0.0.7']],
  ['tls://10.0.0.7:4222', []],
];
for (const [url, hosts] of cases) {
  test(`${url} goes in the clear to: ${hosts.join(', ') || 'nobody'}`, () => {
    assert.deepEqual(hostsInTheClear(url), hosts);
  });
}

test('a file and memory are for one process, servers are not', () => {
  assert.deepEqual(['memory:', 'sqlite:', 'sqlite:/a/b.db'].map(isForOneProcess), [true, true, true]);
  assert.deepEqual(['postgres://a', 'mongodb://a', 'nats://a'].map(isForOneProcess), [false, false, false]);
});
