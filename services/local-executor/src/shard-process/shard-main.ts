import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveShards } from './serve-shards.ts';

const terminated = new AbortController();
process.on('SIGTERM', () => terminated.abort());
// Ctrl-C in a terminal reaches the whole process group; the platform decides what becomes of its shards.
process.on('SIGINT', () => undefined);
// The platform is gone: nobody would take the results.
process.on('disconnect', () => process.exit(1));
const clock = {
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};
serveShards({
  clock,
  send: (message, sent) => void process.send?.(message, undefined, {}, sent),
  receive: (handler) => void process.on('message', handler),
  out: (line) => void writeSync(1, `${line}\n`),
  err: (line) => void writeSync(2, `${line}\n`),
  terminated: terminated.signal,
  exit: (code) => process.exit(code),
});
