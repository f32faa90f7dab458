import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { temporaryDirectory, until } from '@simfleet/testing';
import { withPostgres } from './server.ts';

withPostgres(
  (server) => {
    test('a document and a log entry are acknowledged only after fdatasync of their write-ahead log', async (t) => {
      if (spawnSync('strace', ['-V']).error !== undefined) return t.skip('strace is not installed');
      const { path } = temporaryDirectory(t);
      const trace = join(path, 'trace');
      const url = await server().createDatabase();
      // The connection is made below the trace: strace follows the processes that the server starts.
      const calls = 'trace=pwrite64,write,fdatasync,fsync,sendto,sync_file_range';
      const tracing = spawn('strace', ['-f', '-e', calls, '-s', '16384', '-o', trace, '-p', String(server().pid)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      tracing.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await until('strace to attach', () => said.includes('attached') || tracing.exitCode !== null);
      if (tracing.exitCode !== null) return t.skip(`strace may not attach: ${said.trim()}`);
      const ended = once(tracing, 'exit');
      try {
        const storage = await openPostgresStorage({ url, connections: 1 });
        const things = await storage.collection({ name: 'things', fields: {}, sorts: [] });
        for (let round = 0; round < 5; round += 1) {
          await things.insert(`needle-insert-${round}`, { customer: 'acme' });
          await things.save(`needle-insert-${round}`, 1, { customer: `needle-save-${round}` });
          await storage.log.append('s', [{ key: `needle-append-${round}`, data: round }]);
        }
        await storage.close();
      } finally {
        tracing.kill('SIGINT');
        await ended;
      }
      const lines = readFileSync(trace, 'utf8').split('\n');
      for (const needle of ['insert', 'save', 'append']) {
        for (let round = 0; round < 5; round += 1) checkOrder(lines, `needle-${needle}-${round}`);
      }
    });
  },
  { fsync: true },
);

/** Lines are `pid call(…) = result`; a call that others interrupt is traced twice, and what counts is the line with its result. */
const checkOrder = (lines: readonly string[], needle: string): void => {
  const written = lines.findIndex((line) => /\bpwrite64\(/.test(line) && line.includes(needle));
  assert.ok(written >= 0, `${needle} is written`);
  const [pid = ''] = lines[written]?.split(' ') ?? [];
  const answered = lines.findIndex((line, index) => index > written && line.startsWith(pid) && /\bsendto\(/.test(line));
  const synced = lines.findIndex((line, index) => index > written && /\bf(data)?sync\b.*= 0$/.test(line));
  assert.ok(
    answered > written && synced > written && synced < answered,
    `${needle}: ${written}, ${synced}, ${answered}`,
  );
};
