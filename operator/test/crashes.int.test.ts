import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '@simfleet/bus';
import { recordingLogger, runtimeContext, until } from '@simfleet/testing';
import { openBus } from '@simfleet/wiring';
import { openKubernetes } from '../src/kubernetes/index.ts';
import type { Kubernetes } from '../src/kubernetes/index.ts';
import { lead } from '../src/lead.ts';
import { openPlatform } from '../src/platform/client.ts';
import { watchCluster } from '../src/watch.ts';
import { endless, example, isOver, openScene, sceneMissing } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const skip = sceneMissing();

/** An operator's life that ends with one of its effects, whose answer it never sees. */
interface Life {
  /** Resolves when it is over: after the effect of that number, or when it is ended. */
  readonly over: Promise<void>;
  /** What it did to the world, in order. */
  readonly effects: readonly string[];
  end(): Promise<void>;
}

const dying = (
  scene: Scene,
  kubernetes: Kubernetes,
  bus: Bus,
  watched: ReturnType<typeof watchCluster>,
  lastEffect: number,
): Life => {
  const lost = new AbortController();
  const effects: string[] = [];
  /** Counts calls of these methods; after the last one nothing gets through. */
  const mortal = <Target extends object>(target: Target, methods: readonly (keyof Target & string)[]): Target =>
    new Proxy(target, {
      get(from, name, receiver) {
        const member: unknown = Reflect.get(from, name, receiver);
        if (typeof member !== 'function' || !methods.includes(name as keyof Target & string)) return member;
        return async (...args: readonly unknown[]): Promise<unknown> => {
          if (lost.signal.aborted) throw new Error('dead');
          effects.push(name as string);
          const isLast = effects.length === lastEffect;
          const answer: unknown = await (Reflect.apply(member, from, args) as Promise<unknown>);
          if (!isLast) return answer;
          lost.abort();
          throw new Error('dead');
        };
      },
    });
  const { url = '', operatorTokenFile = '' } = { url: scene.platform.url, ...scene.operatorOptions };
  const { clock } = runtimeContext();
  const running = lead(
    {
      kubernetes,
      watched,
      clock,
      api: mortal(kubernetes.api, ['create', 'apply', 'mergePatch', 'delete']),
      platform: mortal(openPlatform({ url, tokenFile: operatorTokenFile }), ['createJob', 'patchJob']),
      bus: mortal(bus, ['publish', 'request']),
      settings: {
        reportUrl: url,
        ...{ runnerImage: 'simfleet-runner:test', imagePullPolicy: 'IfNotPresent', imagePullSecrets: [] },
        ...{ ca: null, resources: {} },
      },
      workers: 4,
      logger: recordingLogger().logger,
    },
    { stopping: lost.signal, lost: lost.signal },
  );
  return {
    over: running,
    effects,
    async end() {
      lost.abort();
      await running;
    },
  };
};

const spec = { maxPaths: '20000' };

test('an operator that dies after any of its effects', { skip }, async (t) => {
  const scene = await openScene(t, { audit: true });
  const { clock, metrics } = runtimeContext();
  const kubernetes = openKubernetes({
    ...{ kubeconfig: scene.plane.kubeconfig, controllerName: 'simfleet.dev/operator', instance: 'test' },
    ...{ clock, metrics, logger: recordingLogger().logger },
  });
  const bus = await openBus({ url: scene.nats.url });
  const watched = watchCluster(kubernetes);
  t.after(async () => {
    await kubernetes.stop();
    await bus.close();
  });

  const digests = new Set<string | undefined>();
  let effects: readonly string[] = [];
  await t.test('leaves no trace in the end of a job', async (tt) => {
    for (let last = 1; ; last++) {
      const namespace = await scene.namespace(`crash-${last}`);
      const life = dying(scene, kubernetes, bus, watched, last);
      await scene.apply(namespace, 'mortal', spec);
      const isDone = async (): Promise<'done'> => {
        await scene.status(namespace, 'mortal', 'the end', isOver);
        return 'done';
      };
      const outcome = await Promise.race([life.over.then(() => 'dead' as const), isDone()]);
      const next = outcome === 'dead' ? dying(scene, kubernetes, bus, watched, Infinity) : null;
      const { status } = await scene.status(namespace, 'mortal', `the end after effect ${last}`, isOver);
      await next?.end();
      await life.end();
      assert.equal(status?.state, 'Succeeded', JSON.stringify(status));
      digests.add(status.resultDigest);
      const children = await scene.children(namespace);
      assert.deepEqual(
        children.map(({ metadata }) => metadata.name),
        ['mortal-1'],
      );
      const jobs = await scene.client.request('GET', `/v1/jobs?customer=${namespace}`);
      assert.equal((jobs.body as { readonly items: readonly unknown[] }).items.length, 1);
      if (outcome === 'done') {
        effects = life.effects;
        break;
      }
    }
    assert.equal(digests.size, 1);
    tt.diagnostic(`${effects.length} effects: ${effects.join(' ')}`);
    assert.ok(effects.length >= 8);
  });

  await t.test('leaves no trace in the end of a resource', async (tt) => {
    for (let last = 1; ; last++) {
      const namespace = await scene.namespace(`parting-${last}`);
      const before = dying(scene, kubernetes, bus, watched, Infinity);
      await scene.apply(namespace, 'leaving', endless);
      await scene.status(namespace, 'leaving', 'its work', ({ state }) => state === 'Running');
      await before.end();
      const life = dying(scene, kubernetes, bus, watched, last);
      await scene.plane.api.remove(`/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs/leaving`);
      const isGone = async (): Promise<'done'> => {
        await until('no resource', async () => (await scene.simjob(namespace, 'leaving')) === null);
        return 'done';
      };
      const outcome = await Promise.race([life.over.then(() => 'dead' as const), isGone()]);
      const next = outcome === 'dead' ? dying(scene, kubernetes, bus, watched, Infinity) : null;
      await isGone();
      await until('no children', async () => (await scene.children(namespace)).length === 0, 30_000);
      const { body } = await scene.client.request('GET', `/v1/jobs?customer=${namespace}`);
      assert.deepEqual(
        (body as { readonly items: readonly { readonly state: string }[] }).items.map(({ state }) => state),
        ['Cancelled'],
      );
      await next?.end();
      await life.end();
      if (outcome === 'dead') continue;
      tt.diagnostic(`${life.effects.length} effects: ${life.effects.join(' ')}`);
      break;
    }
  });

  await t.test('asks the API server little, and for what is at rest nothing', async (tt) => {
    await scene.plane.kubectl(['create', 'serviceaccount', 'operator']);
    await scene.plane.kubectl([
      ...['create', 'clusterrolebinding', 'operator', '--clusterrole=cluster-admin'],
      '--serviceaccount=default:operator',
    ]);
    const kubeconfig = await scene.plane.serviceAccountKubeconfig('default', 'operator');
    const user = 'system:serviceaccount:default:operator';
    const asked = () =>
      scene.plane
        .requests()
        .filter(
          (each) => each.user === user && !['watch', 'list'].includes(each.verb) && !each.uri.includes('/leases'),
        );
    const operator = await scene.startOperator({ kubeconfig });
    await until('a leader', () => operator.log().includes('this process leads'));
    const namespace = await scene.namespace('modest');
    // What ended under other operators is at rest.
    assert.deepEqual(asked(), []);
    // A resource at rest is no longer held.
    const rest = (name: string) =>
      until(`${name} to be at rest`, async () => {
        const resource = await scene.simjob(namespace, name);
        return (resource?.metadata.finalizers ?? []).length === 0;
      });
    await scene.apply(namespace, 'small', { maxPaths: '20000' });
    await scene.status(namespace, 'small', 'the end', isOver);
    await rest('small');
    const without = (text: string) => asked().filter(({ uri }) => !uri.includes(text)).length;
    const small = without('/events');
    const begun = performance.now();
    await scene.apply(namespace, 'large', { maxPaths: '1500000' });
    await scene.status(namespace, 'large', 'the end', isOver, 90_000);
    await rest('large');
    const seconds = (performance.now() - begun) / 1000;
    const { shards } = (await scene.simjob(namespace, 'large'))?.status?.counts ?? {};
    assert.ok((shards?.succeeded ?? 0) > 0, 'the last status counts the pods that succeeded');
    // Events are written behind.
    await until('all Events', () => asked().length - without('/events') >= 6);
    const all = asked();
    const large = without('/events') - small;
    tt.diagnostic(
      `${all.length} requests in all: ${all.map(({ verb, uri }) => `${verb} ${uri.split('/').at(-1)?.split('?')[0]}`).join(', ')}`,
    );
    assert.ok(all.length / 2 <= 12 + seconds / 10, `${all.length} requests for two jobs`);
    assert.ok(large <= small + seconds / 10 + 1, `${large} requests for many blocks, ${small} for few`);
    await operator.stop();
    const settled = asked().length;
    const next = await scene.startOperator({ kubeconfig });
    await until('a leader', () => next.log().includes('this process leads'));
    const job = await scene.client.create({ customer: namespace, name: 'witness', spec: { ...example, ...spec } });
    await scene.client.result(job.id);
    const touched = asked()
      .slice(settled)
      .filter(({ uri }) => !uri.includes('witness') && !uri.endsWith('/simulationjobs?fieldManager=simfleet-intake'));
    assert.deepEqual(
      touched.filter(({ uri }) => uri.includes('simulationjobs/')),
      [],
    );
  });
});
