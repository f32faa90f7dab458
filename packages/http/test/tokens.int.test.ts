import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fakeClock, recordingLogger, temporaryDirectory, until } from '@simfleet/testing';
import { z } from 'zod';
import { defineRoute, fileAuthorizer } from '../src/index.ts';
import { serving } from './serving.ts';

const tokens = { administrator: 'a'.repeat(43), operator: 'o'.repeat(43) } as const;
type Who = keyof typeof tokens;

const whoAmI = defineRoute({
  ...{ method: 'get', path: '/v1/me', operationId: 'whoAmI', tag: 'me', summary: 'Me', action: 'jobs.read' },
  responses: { 200: { description: 'Me.', schema: z.object({ id: z.string() }) } },
  handle: ({ principal }) => Promise.resolve({ status: 200, body: { id: principal?.id ?? '' } }),
});

/** A server whose tokens are in files, on a clock that the test turns. */
const start = async (t: TestContext) => {
  const { path } = temporaryDirectory(t);
  const files = { administrator: join(path, 'admin-token'), operator: join(path, 'operator-token') };
  const write = (who: Who, content: string): void => {
    writeFileSync(`${files[who]}.draft`, `${content}\n`, { mode: 0o600 });
    renameSync(`${files[who]}.draft`, files[who]);
  };
  write('administrator', tokens.administrator);
  write('operator', tokens.operator);
  const clock = fakeClock();
  const ending = new AbortController();
  const log = recordingLogger();
  const authorizer = await fileAuthorizer({ files, clock, logger: log.logger, signal: ending.signal });
  const { call } = await serving(t, [whoAmI], { authorizer });
  /** The principal of the token, as the server sees it. */
  const whoHas = async (token: string): Promise<string> => {
    const answer = await call('/v1/me', { headers: { authorization: `Bearer ${token}` } });
    return answer.status === 200 ? ((await answer.json()) as { readonly id: string }).id : String(answer.status);
  };
  /** Lets both files be read again. */
  const lookAgain = async (): Promise<void> => {
    await until('the next looks', () => clock.waiting === 2);
    await clock.advance(5_000);
  };
  return { files, clock, ending, log, write, whoHas, lookAgain };
};

for (const who of ['operator', 'administrator'] as const) {
  test(`another token of the ${who} counts once its file was read again, and the old one no more`, async (t) => {
    const { write, whoHas, lookAgain, log } = await start(t);
    assert.equal(await whoHas(tokens[who]), who);
    write(who, 'n'.repeat(43));
    assert.equal(await whoHas('n'.repeat(43)), '401');
    await lookAgain();
    await until('the new token', async () => (await whoHas('n'.repeat(43))) === who);
    assert.equal(await whoHas(tokens[who]), '401');
    const other = who === 'operator' ? 'administrator' : 'operator';
    assert.equal(await whoHas(tokens[other]), other);
    assert.ok(!JSON.stringify(log.entries()).includes('nnn'));
  });
}

for (const [what, spoil] of [
  ['is gone', (path: string) => rmSync(path)],
  ['holds no token', (path: string) => writeFileSync(path, 'short\n')],
  ['can be read by others', (path: string) => chmodSync(path, 0o644)],
] as const) {
  test(`a file that ${what} leaves its token as it was, is told once, and stands in no other one's way`, async (t) => {
    const { files, write, whoHas, lookAgain, log } = await start(t);
    spoil(files.administrator);
    await lookAgain();
    await lookAgain();
    write('operator', 'n'.repeat(43));
    await lookAgain();
    await until('the new token', async () => (await whoHas('n'.repeat(43))) === 'operator');
    assert.equal(await whoHas(tokens.administrator), 'administrator');
    assert.equal(log.entries().filter(({ level }) => level === 'warn').length, 1);
  });
}

test('files are read no more once the process stops', async (t) => {
  const { clock, ending } = await start(t);
  await until('the next looks', () => clock.waiting === 2);
  ending.abort();
  await until('nothing waits', () => clock.waiting === 0);
});
