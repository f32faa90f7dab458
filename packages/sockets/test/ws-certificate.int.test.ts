import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { fakeClock, issueCertificate, recordingLogger, temporaryDirectory, until } from '@simfleet/testing';
import { createWsSocketServer } from '@simfleet/sockets/ws';
import { WebSocket } from 'ws';

const start = async (t: TestContext) => {
  const { path } = temporaryDirectory(t);
  const first = issueCertificate(path, 'first');
  const next = issueCertificate(path, 'next');
  const ca = [first, next].map(({ certFile }) => readFileSync(certFile, 'utf8')).join('');
  const clock = fakeClock();
  const log = recordingLogger();
  const server = createWsSocketServer<null>({
    ...{ clock, logger: log.logger, tls: first },
    handlers: {
      upgrade: () => ({ accept: true, data: null }),
      open: () => undefined,
      message: (socket, message) => void socket.send(message),
      drain: () => undefined,
      close: () => undefined,
    },
  });
  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  t.after(() => server.stop());
  /** An open connection, and the name that its certificate is of. */
  const connect = async (): Promise<{ readonly socket: WebSocket; readonly name: string }> => {
    const socket = new WebSocket(url, { ca });
    const upgraded = once(socket, 'upgrade') as Promise<[{ readonly socket: TLSSocket }]>;
    const [[{ socket: stream }]] = await Promise.all([upgraded, once(socket, 'open')]);
    const name = String(stream.getPeerCertificate().subject.CN);
    return { socket, name };
  };
  const nameNow = async (): Promise<string> => {
    const { socket, name } = await connect();
    socket.terminate();
    return name;
  };
  const lookAgain = async (): Promise<void> => {
    await until('the next look', () => clock.waiting === 1);
    await clock.advance(5_000);
  };
  return { first, next, clock, log, server, connect, nameNow, lookAgain };
};

test('sockets get the next certificate when the files change; those that are open stay', async (t) => {
  const { first, next, connect, nameNow, lookAgain } = await start(t);
  const { socket, name } = await connect();
  assert.equal(name, 'first');
  renameSync(next.certFile, first.certFile);
  renameSync(next.keyFile, first.keyFile);
  await lookAgain();
  await until('the next certificate', async () => (await nameNow()) === 'next');
  socket.send('still here');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  assert.equal(answer.toString(), 'still here');
});

test('a certificate without its key leaves sockets the one that was there', async (t) => {
  const { first, next, log, nameNow, lookAgain } = await start(t);
  renameSync(next.certFile, first.certFile);
  await lookAgain();
  await until('it is told', () => log.entries().some(({ level }) => level === 'warn'));
  assert.equal(await nameNow(), 'first');
});

test('a server that stopped reads its files no more', async (t) => {
  const { clock, server } = await start(t);
  await until('the next look', () => clock.waiting === 1);
  await server.stop();
  await until('nothing waits', () => clock.waiting === 0);
});
