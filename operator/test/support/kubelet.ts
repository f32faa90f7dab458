import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endPod, runPod } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly [
      {
        readonly env: readonly {
          readonly name: string;
          readonly value?: string;
          readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
        }[];
      },
    ];
    readonly volumes: readonly { readonly secret?: { readonly secretName: string } }[];
  };
  readonly status: { readonly phase: string };
}

/** A node without containers: pods run as processes of this machine, from the entry of the runner image, with what their spec says and nothing else. */
export interface Kubelet {
  /** Names of pods whose processes live. */
  readonly running: () => readonly string[];
  /** SIGKILL to the process of a pod: it ends with 137. */
  kill(pod: string): void;
  /** SIGTERM, as before an eviction: the process leaves with 143. */
  terminate(pod: string): void;
  /** Environments that pods were started with, by pod. */
  readonly environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

const entry = fileURLToPath(new URL('../../../packages/simulation/src/container/shard-main.ts', import.meta.url));
const everyMs = 50;

export const startKubelet = (plane: TestControlPlane, namespaces: () => readonly string[]): Kubelet => {
  const processes = new Map<string, ChildProcess>();
  const environments = new Map<string, Readonly<Record<string, string>>>();
  const started = new Set<string>();
  const stopping = new AbortController();

  const environmentOf = async (pod: Pod): Promise<Readonly<Record<string, string>>> => {
    const { metadata, spec } = pod;
    const directory = join(plane.directory, 'pods', metadata.uid);
    mkdirSync(directory, { recursive: true });
    for (const { secret } of spec.volumes) {
      if (secret === undefined) continue;
      const path = `/api/v1/namespaces/${metadata.namespace}/secrets/${secret.secretName}`;
      const { data } = (await plane.api.get(path)) as { readonly data: Readonly<Record<string, string>> };
      for (const [name, value] of Object.entries(data))
        writeFileSync(join(directory, name), Buffer.from(value, 'base64'));
    }
    return Object.fromEntries(
      spec.containers[0].env.map(({ name, value, valueFrom }) => {
        const annotation = /^metadata[.]annotations\['(.*)'\]$/.exec(valueFrom?.fieldRef.fieldPath ?? '')?.[1];
        const text = value ?? metadata.annotations[annotation ?? ''] ?? '';
        return [name, text.replace('/var/run/secrets/simfleet', directory)];
      }),
    );
  };

  const run = async (pod: Pod): Promise<void> => {
    const { name, namespace } = pod.metadata;
    const env = await environmentOf(pod);
    environments.set(name, env);
    const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    processes.set(name, child);
    const stderr: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    const exit = new Promise<number>((resolve) =>
      child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143))),
    );
    await runPod(plane.api, namespace, name).catch(() => undefined);
    const exitCode = await exit;
    processes.delete(name);
    const message = Buffer.concat(stderr).toString().slice(-1000);
    // The pod may be gone.
    await endPod(plane.api, namespace, name, { exitCode, message }).catch(() => undefined);
  };

  /** Pods that are asked to leave: the process first, then the object, as a kubelet does. */
  const remove = async ({ metadata: { name, namespace } }: Pod): Promise<void> => {
    const child = processes.get(name);
    if (child !== undefined) return void child.kill('SIGTERM');
    const body = { gracePeriodSeconds: 0 };
    await plane.api.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, body);
  };

  const look = async (namespace: string): Promise<void> => {
    const { items } = (await plane.api.get(`/api/v1/namespaces/${namespace}/pods`)) as {
      readonly items: readonly Pod[];
    };
    for (const pod of items) {
      const { uid, deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined) await remove(pod);
      else if (pod.status.phase === 'Pending' && !started.has(uid)) {
        started.add(uid);
        // A Secret that is not there yet: the next look tries again.
        run(pod).catch(() => started.delete(uid));
      }
    }
  };

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      for (const namespace of namespaces()) await look(namespace).catch(() => undefined);
      await sleep(everyMs);
    }
  })();

  return {
    running: () => [...processes.keys()],
    environments,
    kill: (pod) => void processes.get(pod)?.kill('SIGKILL'),
    terminate: (pod) => void processes.get(pod)?.kill('SIGTERM'),
    async stop() {
      stopping.abort();
      await looking;
      for (const child of processes.values()) child.kill('SIGKILL');
    },
  };
};
