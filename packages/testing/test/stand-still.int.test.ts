import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { standStill } from '@simfleet/testing';

/** A main thread and three others that never rest. */
const busy = `
  const { Worker } = require('node:worker_threads');
  for (let n = 0; n < 3; n += 1) new Worker('for (;;);', { eval: true });
  console.log('ready');
  setInterval(() => { for (let i = 0; i < 1e5; i += 1); }, 0);
`;

/** Nanoseconds that the threads of the process have run (`/proc/<pid>/schedstat`). */
const ran = (pid: number): bigint =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => BigInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0] ?? ''))
    .reduce((sum, each) => sum + each, 0n);

test('no thread of a process that stands still runs on, and it goes on when it is told', async () => {
  const child = spawn(process.execPath, ['-e', busy], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid = 0 } = child;
  try {
    await once(child.stdout, 'data');
    for (let round = 0; round < 20; round += 1) {
      standStill(child);
      const before = ran(pid);
      for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(ran(pid), before, 'ran on');
      child.kill('SIGCONT');
      while (ran(pid) === before) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  standStill(child);
});
