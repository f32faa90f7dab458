// Entry of a pod. As process 1 of a container it gets no signal that it has no handler for, so that one comes before the rest is loaded.
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const terminated = new AbortController();
process.on('SIGTERM', () => terminated.abort());
process.on('SIGINT', () => terminated.abort());

const { runPod } = await import('./run-pod.ts');
const { leaveTerminationMessage } = await import('./termination-message.ts');
const { exitCode, message } = await runPod({
  variables: process.env,
  clock: {
    monotonic: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  },
  say: (line) => void writeSync(1, `${line}\n`),
  signal: terminated.signal,
});
writeSync(exitCode === 0 || exitCode === 143 ? 1 : 2, `${message}\n`);
await leaveTerminationMessage(message);
process.exit(exitCode);
