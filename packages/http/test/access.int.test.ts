import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '@simfleet/testing';
import { tokenAuthorizer, createAdminToken, readCursorKeys, readToken } from '../src/index.ts';

test('the first start makes a token for its owner alone, the next one finds it', async (t) => {
  const file = join(temporaryDirectory(t).path, 'admin-token');
  const token = await createAdminToken(file);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await createAdminToken(file), token);
  assert.equal(readFileSync(file, 'utf8'), `${token}\n`);
});

test('starts at the same time agree on one token and leave no draft behind', async (t) => {
  const { path } = temporaryDirectory(t);
  const tokens = await Promise.all(Array.from({ length: 20 }, () => createAdminToken(join(path, 'admin-token'))));
  assert.equal(new Set(tokens).size, 1);
  assert.deepEqual(readdirSync(path), ['admin-token']);
});

test('a token that Kubernetes mounted for the group of a pod is taken', async (t) => {
  const file = join(temporaryDirectory(t).path, 'admin-token');
  const token = await createAdminToken(file);
  chmodSync(file, 0o440);
  assert.equal(await createAdminToken(file), token);
});

for (const mode of [0o644, 0o640, 0o604, 0o620, 0o444, 0o460, 0o450]) {
  test(`a token file of mode ${mode.toString(8)} is refused`, async (t) => {
    const file = join(temporaryDirectory(t).path, 'admin-token');
    await createAdminToken(file);
    chmodSync(file, mode);
    await assert.rejects(createAdminToken(file), { code: 'invalid-configuration', detail: /admin-token.*chmod 600/ });
  });
}

for (const content of ['', 'short', `${'x'.repeat(42)}!`, `${'x'.repeat(43)}\n${'y'.repeat(43)}`]) {
  test(`a token file that holds ${JSON.stringify(content.slice(0, 8))} is refused and left as it is`, async (t) => {
    const file = join(temporaryDirectory(t).path, 'admin-token');
    writeFileSync(file, content, { mode: 0o600 });
    await assert.rejects(createAdminToken(file), { code: 'invalid-configuration' });
    assert.equal(readFileSync(file, 'utf8'), content);
  });
}

test('cursor keys are made once, and a line is added by hand', async (t) => {
  const file = join(temporaryDirectory(t).path, 'cursor-key');
  const [first] = await readCursorKeys(file);
  assert.deepEqual(await readCursorKeys(file), [first]);
  writeFileSync(file, `2 ${Buffer.alloc(32, 1).toString('base64url')}\n${readFileSync(file, 'utf8')}`);
  const rotated = await readCursorKeys(file);
  assert.deepEqual(
    rotated.map(({ id }) => id),
    [2, 1],
  );
  assert.deepEqual(rotated[1], first);
});

for (const line of ['1 short', `256 ${'x'.repeat(43)}`, 'x'.repeat(43), '']) {
  test(`a cursor key file with the line ${JSON.stringify(line.slice(0, 8))} is refused`, async (t) => {
    const file = join(temporaryDirectory(t).path, 'cursor-key');
    writeFileSync(file, `${line}\n`, { mode: 0o600 });
    await assert.rejects(readCursorKeys(file), { code: 'invalid-configuration' });
  });
}

test('two cursor keys of one id are refused', async (t) => {
  const file = join(temporaryDirectory(t).path, 'cursor-key');
  writeFileSync(file, `1 ${'x'.repeat(43)}\n1 ${'y'.repeat(43)}\n`, { mode: 0o600 });
  await assert.rejects(readCursorKeys(file), { code: 'invalid-configuration' });
});

test('the administrator is who has the very token, and may do everything', async () => {
  const authorizer = tokenAuthorizer({ administrator: 't'.repeat(43) });
  const principal = await authorizer.authenticate('t'.repeat(43));
  assert.ok(principal);
  assert.equal(authorizer.permits(principal, 'jobs.create', 'acme'), true);
  for (const wrong of [null, '', 't', 't'.repeat(42), 't'.repeat(44), 'T'.repeat(43)]) {
    assert.equal(await authorizer.authenticate(wrong), null);
  }
  const other = { id: 'u', kind: 'user', customers: ['acme'] } as const;
  assert.deepEqual(
    ['acme', 'other', null].map((customer) => authorizer.permits(other, 'jobs.create', customer)),
    [true, false, true],
  );
});

test('the operator is who has its very token, and may do what it is there for', async () => {
  const authorizer = tokenAuthorizer({ administrator: 't'.repeat(43), operator: 'o'.repeat(43) });
  const principal = await authorizer.authenticate('o'.repeat(43));
  assert.ok(principal);
  assert.deepEqual([principal.id, principal.kind, principal.customers], ['operator', 'operator', '*']);
  for (const action of ['jobs.create', 'jobs.change', 'services.delete', 'customers.read'])
    assert.equal(authorizer.permits(principal, action, 'acme'), true, action);
  for (const action of ['jobs.delete', 'jobs.cancel', 'customers.create', 'events.read', ''])
    assert.equal(authorizer.permits(principal, action, 'acme'), false, action);
  assert.equal(await tokenAuthorizer({ administrator: 't'.repeat(43) }).authenticate('o'.repeat(43)), null);
});

test('the token of an operator is read, never made', async (t) => {
  const file = join(temporaryDirectory(t).path, 'operator-token');
  await assert.rejects(readToken(file), { code: 'invalid-configuration', detail: /is not there/ });
  writeFileSync(file, `${'o'.repeat(43)}\n`, { mode: 0o600 });
  assert.equal(await readToken(file), 'o'.repeat(43));
  writeFileSync(file, 'short\n');
  await assert.rejects(readToken(file), { code: 'invalid-configuration', detail: /holds no token/ });
});
