import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { natsServer, postgresMissing, startNats, startPostgres, temporaryDirectory } from '@simfleet/testing';
import { openBus } from '@simfleet/wiring';
import { openClient } from '../e2e/client.ts';
import type { Client } from '../e2e/client.ts';
import { startProcess } from '../e2e/platform.ts';

/** A platform without an executor: whoever has a job's token runs its shards. */
export interface PodPlatform {
  readonly url: string;
  /** The administrator's. */
  readonly token: string;
  readonly client: Client;
  /** Draws a token of the job, registers its hash as the operator does, and answers the file that holds it. */
  tokenFile(jobId: string): Promise<string>;
}

/** Why there can be none here, or false. */
export const podPlatformMissing = (): string | false => {
  const nats = natsServer();
  return 'missing' in nats ? nats.missing : (postgresMissing() ?? false);
};

export const openPodPlatform = async (context: TestContext, more: readonly string[] = []): Promise<PodPlatform> => {
  const { path } = temporaryDirectory(context);
  const [postgres, nats] = await Promise.all([startPostgres(), startNats(context, { syncAlways: false })]);
  context.after(() => postgres.stop());
  const adminToken = join(path, 'admin-token');
  const flags = ['--target', 'jobs', '--port', '0', '--admin-token-file', adminToken, ...more];
  const platform = await startProcess([...flags, '--cursor-key-file', join(path, 'cursor-key')], {
    SIMFLEET_STORAGE: await postgres.createDatabase(),
    SIMFLEET_BUS: nats.url,
  });
  context.after(() => platform.kill());
  const bus = await openBus({ url: nats.url });
  context.after(() => bus.close());
  const token = readFileSync(adminToken, 'utf8').trim();
  const client = openClient({ url: platform.url, token });
  return {
    ...{ url: platform.url, token, client },
    async tokenFile(jobId) {
      const drawn = randomBytes(32).toString('base64url');
      const sha256 = createHash('sha256').update(drawn).digest('hex');
      const { accepted } = await bus.request('jobs.register-token', { jobId, sha256 });
      if (!accepted) throw new Error(`the platform did not take a token of ${jobId}`);
      const file = join(path, `token-${jobId}`);
      writeFileSync(file, drawn, { mode: 0o600 });
      return file;
    },
  };
};

const entry = fileURLToPath(new URL('../../packages/simulation/src/container/shard-main.ts', import.meta.url));

/** A process with the environment of a pod, and nothing else of it. */
export interface Pod {
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Both of its outputs so far. */
  output(): string;
}

export const startPod = (
  context: TestContext,
  variables: Readonly<Record<string, string>>,
  program: string = entry,
): Pod => {
  const child = spawn(process.execPath, [program], { env: { ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => void child.kill('SIGKILL'));
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal }))),
    kill: (signal) => void child.kill(signal),
    output: () => Buffer.concat(chunks).toString(),
  };
};
