import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { WebSocket } from 'ws';
import {
  freePort,
  natsServer,
  postgresMissing,
  startControlPlane,
  startPostgres,
  temporaryDirectory,
  until,
} from '@simfleet/testing';
import { startProcess } from '../e2e/platform.ts';
import { chartMissing, find, objectsOf, template } from './helm.ts';
import type { Manifest } from './helm.ts';

const nats = natsServer();
const skip = chartMissing() || (postgresMissing() ?? ('missing' in nats ? nats.missing : false));

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly projected?: { readonly sources: readonly Source[] };
}
interface Source {
  readonly configMap?: { readonly name: string };
  readonly secret?: {
    readonly name: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}
interface Container {
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** The files of a pod's only container below a directory, as a kubelet lays them out for the group that runs it: mode 0440, not its own. */
const layOut = (objects: readonly Manifest[], workload: Manifest, directory: string, group: number): Container => {
  const { volumes, containers } = workload.spec?.template?.spec as {
    readonly volumes: readonly Volume[];
    readonly containers: readonly [Container];
  };
  const [container] = containers;
  const put = (path: string, content: string): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, 0o440);
    if (process.getuid?.() === 0) chownSync(path, 0, group);
  };
  const all = ({ name }: { readonly name: string }): readonly (readonly [string, string])[] =>
    Object.entries(find(objects, 'ConfigMap', name).data ?? {});
  const some = ({ name, items }: NonNullable<Source['secret']>): readonly (readonly [string, string])[] => {
    const { data = {}, stringData = {} } = find(objects, 'Secret', name) as Manifest & {
      readonly stringData?: Readonly<Record<string, string>>;
    };
    return items.map(({ key, path }) => [path, stringData[key] ?? Buffer.from(data[key] ?? '', 'base64').toString()]);
  };
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = volumes.find((each) => each.name === name);
    const sources: readonly Source[] = volume?.projected?.sources ?? (volume === undefined ? [] : [volume]);
    for (const { configMap, secret } of sources)
      for (const [file, content] of [...(configMap ? all(configMap) : []), ...(secret ? some(secret) : [])])
        put(join(directory, mountPath, file), content.replaceAll(/(?<=["\s:])\/(?=etc\/|data)/g, `${directory}/`));
  }
  return container;
};

test(
  'NATS, PostgreSQL and the platform start with what the chart gives them, encrypted, and trust each other',
  { skip, timeout: 120_000 },
  async (t) => {
    const plane = await startControlPlane(t);
    const [api, client, monitor] = [await freePort(), await freePort(), await freePort()];
    // On the network of their node the parts look for each other on loopback.
    const manifests = await template(['--set', `hostNetwork=true,platform.port=${api},platform.drainSeconds=0`]);
    const objects = await objectsOf(
      plane,
      manifests.replaceAll(/\b4222\b/g, `${client}`).replaceAll(/\b8222\b/g, `${monitor}`),
    );
    const { path } = temporaryDirectory(t);
    chmodSync(path, 0o755);

    const directory = (part: string): string => join(path, part);
    layOut(objects, find(objects, 'StatefulSet', 'simfleet-nats'), directory('nats'), 0);
    mkdirSync(join(directory('nats'), 'data'));
    assert.ok('file' in nats);
    const bus = spawn(nats.file, ['--config', join(directory('nats'), 'etc/nats/nats.conf')], { stdio: 'ignore' });
    const busEnded = once(bus, 'exit');
    t.after(async () => {
      bus.kill('SIGKILL');
      await busEnded;
    });
    await until(
      'NATS',
      async () => (await fetch(`http://127.0.0.1:${monitor}/healthz?js-server-only=true`).catch(() => null))?.ok,
    );
    const { jetstream } = (await (await fetch(`http://127.0.0.1:${monitor}/varz`)).json()) as {
      readonly jetstream: { readonly config: { readonly sync_always?: boolean } };
    };
    assert.equal(jetstream.config.sync_always, true);

    const isRoot = process.getuid?.() === 0;
    const group = isRoot ? Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' })) : 0;
    const { args } = layOut(
      objects,
      find(objects, 'StatefulSet', 'simfleet-postgresql'),
      directory('postgresql'),
      group,
    );
    const settings = args.map((arg) => /^-c(\w+)=(.*)$/.exec(arg) ?? []);
    const database = await startPostgres({
      settings: Object.fromEntries(
        settings.map(([, name = '', value = '']) => [name, value.replace(/^(?=\/)/, directory('postgresql'))]),
      ),
    });
    t.after(() => database.stop());

    const { args: words } = layOut(objects, find(objects, 'Deployment', 'simfleet-platform'), directory('platform'), 0);
    const below = (file: string): string => join(directory('platform'), 'etc/simfleet', file);
    const url = new URL(await database.createDatabase());
    url.search = new URL(readFileSync(below('secrets/storage'), 'utf8')).search;
    assert.equal(url.search, '?sslmode=verify-full');
    chmodSync(below('secrets/storage'), 0o600);
    writeFileSync(below('secrets/storage'), url.toString());
    const trust = below('trust/ca.crt');
    const platform = await startProcess(
      ['--config', below(words[2]?.replace('/etc/simfleet/', '') ?? ''), '--log-level', 'info'],
      {
        NODE_EXTRA_CA_CERTS: trust,
      },
    );
    t.after(() => platform.kill());
    assert.match(platform.log(), /JetStream file, 1 replica, synced before acknowledged/);
    assert.doesNotMatch(platform.log(), /is not encrypted/);

    const token = readFileSync(below('secrets/admin-token'), 'utf8').trim();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = { ca: readFileSync(trust), headers, agent: false };
      request(`https://127.0.0.1:${api}/v1/customers`, options, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 200);
    const { port } = new URL(platform.socketsUrl);
    const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/socket`, 'simfleet.v1', { ca: readFileSync(trust) });
    await once(socket, 'open');
    socket.send(JSON.stringify({ id: 1, connect: { token } }));
    const [reply] = (await once(socket, 'message')) as [Buffer];
    assert.deepEqual(JSON.parse(reply.toString()), { id: 1, ok: { principal: 'administrator' } });
    socket.terminate();

    // As the guide says to take a backup, within a pod of the platform.
    const main = fileURLToPath(new URL('../../services/all-in-one/src/backup-main.ts', import.meta.url));
    const backUp = [main, '--config', below('options/options.yaml'), '--operation', 'backup', '--backup-file', '-'];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: trust };
    const { stdout } = await promisify(execFile)(process.execPath, backUp, { env, encoding: 'buffer' });
    assert.match(zstdDecompressSync(stdout).toString(), /"collection":"services"|asian-option/);
    assert.equal(await platform.stop(), 0);
  },
);
