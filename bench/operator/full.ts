import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startNats, startPostgres } from '@simfleet/testing';
import type { Scope } from './cluster.ts';
import type { Inspector } from './inspector.ts';
import { startSubject, type Subject, type SubjectOptions } from './subject.ts';

const mainOf = (part: string): string => join(import.meta.dirname, '../..', part, 'src/main.ts');

/** The platform that an operator talks to. */
interface Platform {
  readonly url: string;
  readonly busUrl: string;
  readonly operatorTokenFile: string;
  readonly inspector: Inspector | null;
}

/** A platform process on PostgreSQL, with NATS; both sync every write to this machine’s disk. */
const startPlatform = async (scope: Scope, options: SubjectOptions): Promise<Platform> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  scope.after(async () => rmSync(directory, { recursive: true, force: true }));
  const nats = await startNats(scope);
  const postgres = await startPostgres({ fsync: true, settings: { synchronous_commit: 'on' } });
  scope.after(() => postgres.stop());
  const file = (name: string): string => join(directory, name);
  const operatorTokenFile = file('operator-token');
  writeFileSync(operatorTokenFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const port = await freePort();
  const { inspector } = await startSubject(
    scope,
    [
      ...['node', mainOf('services/all-in-one'), '--target', 'jobs', '--print-ready', '--log-level', 'warn'],
      ...[
        '--data-dir',
        directory,
        '--port',
        String(port),
        '--sockets-port',
        '0',
        '--cursor-key-file',
        file('cursor-key'),
      ],
      ...['--admin-token-file', file('admin-token'), '--operator-token-file', operatorTokenFile],
    ],
    isReady,
    options,
    { SIMFLEET_BUS: nats.url, SIMFLEET_STORAGE: await postgres.createDatabase(), SIMFLEET_RATE_LIMITS: 'off' },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    busUrl: nats.url,
    operatorTokenFile,
    inspector,
  };
};

/** What `--print-ready` prints. */
const isReady = (line: string): boolean => line.startsWith('{"url"');

/** The operator as it is installed, before a platform. */
export const operator: Subject = {
  name: 'our operator',
  does: 'finalizer, job of the platform, Secret, token, child, status, Event',
  start: async ({ kubeconfig }, scope, options) => {
    const { url, busUrl, operatorTokenFile, inspector } = await startPlatform(scope, options);
    const running = await startSubject(
      scope,
      [
        ...['node', mainOf('operator'), '--print-ready', '--log-level', 'warn', '--host', '127.0.0.1', '--port', '0'],
        ...['--kubeconfig', kubeconfig, '--api-url', url, '--operator-token-file', operatorTokenFile],
      ],
      isReady,
      options,
      { SIMFLEET_BUS: busUrl },
    );
    return { ...running, others: { platform: inspector } };
  },
};
