import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { JobResult } from '@simfleet/contracts';
import { temporaryDirectory, until } from '@simfleet/testing';
import { install, installationMissing, release } from './installation.ts';
import type { Installation, Owner } from './installation.ts';
import { openNamespace } from './resources.ts';
import type { Namespace } from './resources.ts';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'packages/cli/bin/simfleet.js');
const example = 'examples/asian-option.yaml';
/** Long enough, some fifteen seconds here, for something to happen to the job. */
const long = { precision: { metric: 'price', relativeError: '0.00002', confidence: '0.99' } };

/** What the same manifest gives on a platform of its own, without Kubernetes. */
const embedded = async (owner: Owner, spec: Readonly<Record<string, unknown>> = {}): Promise<JobResult> => {
  const { path } = temporaryDirectory(owner);
  const file = join(path, 'job.json');
  const words = ['run', '-f', file, '--embedded', '-o', 'json'];
  writeFileSync(file, JSON.stringify(await manifestOf(spec)));
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words], { cwd: path, maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as JobResult;
};

let manifestOf: (spec: Readonly<Record<string, unknown>>) => Promise<unknown>;

describe('SimulationJobs on a real node', { skip: installationMissing() }, () => {
  const cleanUps: (() => void | Promise<void>)[] = [];
  const owner: Owner = { after: (cleanUp) => void cleanUps.push(cleanUp) };
  let simfleet: Installation;
  let acme: Namespace;
  let undisturbed: JobResult;

  before(async () => {
    simfleet = await install(owner);
    const { cluster } = simfleet;
    manifestOf = async (spec) => {
      const dry = ['create', '--dry-run=client', '-o', 'json', '-f', '-'];
      const text = await cluster.kubectl(dry, readFileSync(join(root, example), 'utf8'));
      const { apiVersion, kind, ...object } = JSON.parse(text) as Record<string, Record<string, unknown>>;
      return { apiVersion, kind, metadata: { name: 'embedded' }, spec: { ...object['spec'], ...spec } };
    };
    acme = await openNamespace(cluster, 'acme', 'default');
    owner.after(() => cluster.kubectl(['delete', 'namespace', 'acme', '--timeout=60s']).then(() => undefined));
    undisturbed = await embedded(owner, long);
  });

  after(async () => {
    const failures: unknown[] = [];
    for (const cleanUp of cleanUps.reverse())
      await Promise.resolve(cleanUp()).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be taken down');
  });

  /** Ends the process of a pod's container with SIGKILL: nobody asked it to leave. */
  const kill = async (namespace: string, pod: string): Promise<void> => {
    const id = await simfleet.cluster.kubectl([
      ...['get', 'pod', pod, '--namespace', namespace],
      ...['-o', 'jsonpath={.status.containerStatuses[0].containerID}'],
    ]);
    await simfleet.cluster.ctr(['task', 'kill', '--signal', 'SIGKILL', id.replace('containerd://', '')]);
  };

  const progressed = (name: string, blocks: number): Promise<unknown> =>
    until(
      `${name} has ${blocks} blocks`,
      async () => {
        const id = (await acme.job(name))?.status?.jobId;
        return id !== undefined && (await simfleet.job(id)).progress.blocks >= blocks;
      },
      60_000,
    );

  const finished = async (name: string): Promise<string | undefined> =>
    (await acme.state(name, 'Succeeded')).status?.resultDigest;

  test('the example succeeds with the digest of the embedded run, and kubectl shows its way', async (t) => {
    const expected = await embedded(t);
    await acme.apply(example, 'asian-call');
    assert.equal(await finished('asian-call'), expected.resultDigest);
    const table = await acme.kubectl('get', 'simjobs');
    assert.match(table, /NAME +STATE +PROGRESS +VALUE +± +ETA +AGE/);
    assert.match(table, /asian-call +Succeeded +100 % +5\.78\d+ +0\.0002/);
    await acme.when('asian-call', 'counts its pods', ({ status }) => (status?.counts?.shards.succeeded ?? 0) > 0);
    const events = await acme.kubectl('get', 'events', '--field-selector', 'involvedObject.name=asian-call');
    for (const reason of ['Accepted', 'Started', 'Succeeded']) assert.match(events, new RegExp(`\\b${reason}\\b`));
  });

  test('killed pods, a killed operator and a killed API server change nothing of the answer', async () => {
    await acme.apply(example, 'disturbed', long);
    await progressed('disturbed', 20);
    const [pod] = await acme.names('pods', 'job-name=disturbed-1');
    await kill('acme', (pod ?? '').replace('pod/', ''));

    const holder = [
      'get',
      'lease',
      'simfleet-operator',
      '--namespace',
      release,
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ];
    const leader = await simfleet.cluster.kubectl(holder);
    const pods = await simfleet.cluster.kubectl(['get', 'pods', '--namespace', release, '-o', 'name']);
    const operator = pods
      .split('\n')
      .map((name) => name.replace('pod/', ''))
      .find((name) => name !== '' && leader.startsWith(name));
    await kill(release, operator ?? 'no operator leads');

    await simfleet.cluster.kill('apiserver');
    await simfleet.cluster.start('apiserver');
    assert.equal(await finished('disturbed'), undisturbed.resultDigest);
    await until('another operator leads', async () => (await simfleet.cluster.kubectl(holder)) !== leader, 30_000);
  });

  test('a suspended job has no pods; resumed, it goes on where it was', async () => {
    await acme.apply(example, 'paused', long);
    await progressed('paused', 20);
    await acme.patch('paused', { suspend: true });
    const { status } = await acme.state('paused', 'Suspended');
    await until('its pods are gone', async () => (await acme.names('pods', 'job-name=paused-1')).length === 0, 60_000);
    const held = (await simfleet.job(status?.jobId ?? '')).progress.blocksReported;
    assert.ok(held >= 20);
    await acme.patch('paused', { suspend: false });
    assert.equal(await finished('paused'), undisturbed.resultDigest);
  });

  test('a job that is cancelled by the API is cancelled in its resource', async () => {
    await acme.apply(example, 'unwanted', { precision: null, maxPaths: '9000000000000' });
    await progressed('unwanted', 4);
    await simfleet.simfleet('cancel', 'unwanted');
    const { spec } = await acme.state('unwanted', 'Cancelled');
    assert.equal(spec['cancelled'], true);
    await until(
      'its pods are gone',
      async () => {
        const running = await acme.kubectl(
          'get',
          'pods',
          '-l',
          'job-name=unwanted-1',
          '--field-selector=status.phase=Running',
          '-o',
          'name',
        );
        return running.trim() === '';
      },
      60_000,
    );
  });

  test('an extended job gets a new child and the digest of a fresh job with the final bounds', async () => {
    const bound = { metric: 'price', relativeError: '0.00008', confidence: '0.99' };
    await acme.apply(example, 'widened', { precision: bound });
    const before = await finished('widened');
    assert.notEqual(before, undisturbed.resultDigest);
    await simfleet.simfleet('extend', 'widened', '--relative-error', '0.00002');
    const after = await acme.when(
      'widened',
      'has the new answer',
      ({ status }) => status?.state === 'Succeeded' && status.run === 2,
    );
    assert.equal(after.status?.resultDigest, undisturbed.resultDigest);
    assert.deepEqual(await acme.names('job', 'simfleet.dev/run=2'), ['job.batch/widened-2']);
  });

  test('a job of the API becomes a resource of its customer’s namespace and runs there', async () => {
    await simfleet.simfleet('apply', '-f', join(root, 'examples/threshold.yaml'));
    const { status, metadata } = await acme.state('put-watch', 'Succeeded');
    assert.equal(metadata.annotations?.['simfleet.dev/job-id'], status?.jobId);
    const result = await simfleet.result(status?.jobId ?? '');
    assert.equal(result.resultDigest, status?.resultDigest);
  });

  test('a service of an own image runs in the cluster', async () => {
    const service = readFileSync(join(root, 'examples/container-service/service.yaml'), 'utf8');
    const pinned = service.replace(/sha256:0{64}/, simfleet.exampleDigest);
    assert.notEqual(pinned, service);
    await simfleet.cluster.kubectl(['apply', '-f', '-'], pinned);
    await simfleet.cluster.kubectl(['wait', '--for=condition=Accepted', 'simsvc/insurer', '--timeout=30s']);
    await acme.apply('examples/container-service/job.yaml', 'insurer-of-ten');
    const { status } = await acme.state('insurer-of-ten', 'Succeeded');
    const { provenance } = await simfleet.result(status?.jobId ?? '');
    assert.equal(`sha256:${provenance.kernelHash}`, simfleet.exampleDigest);
  });

  test('a deleted resource leaves nothing behind but its result', async () => {
    const { status } = await acme.state('asian-call', 'Succeeded');
    await acme.kubectl('delete', 'simjob', 'asian-call', '--timeout=30s');
    const owned = `simfleet.dev/job-id=${status?.jobId ?? ''}`;
    await until(
      'all that it owned is gone',
      async () => (await acme.names('jobs,pods,secrets', owned)).length === 0,
      60_000,
    );
    assert.equal((await simfleet.result(status?.jobId ?? '')).resultDigest, status?.resultDigest);
  });

  test('an upgrade while a job runs loses nothing of it', async () => {
    await acme.apply(example, 'upgraded', long);
    await progressed('upgraded', 20);
    const chart = join(root, 'charts/simfleet');
    const changed = ['--set', 'platform.podAnnotations.round=second', '--set', 'operator.podAnnotations.round=second'];
    await simfleet.helm('upgrade', 'simfleet', chart, '--reuse-values', ...changed, '--wait', '--timeout', '180s');
    assert.equal(await finished('upgraded'), undisturbed.resultDigest);
  });

  test('helm test runs a job through the API', async () => {
    const said = await simfleet.helm('test', 'simfleet', '--timeout', '120s');
    assert.match(said, /Phase: +Succeeded/);
  });

  test('an uninstalled release leaves jobs as records, and nothing that runs', async () => {
    await simfleet.helm('uninstall', 'simfleet', '--wait', '--timeout', '120s');
    const kinds = 'deployments,services,configmaps,roles,rolebindings,clusterroles,clusterrolebindings,leases';
    const left = await simfleet.cluster.kubectl([
      'get',
      kinds,
      '-A',
      '-l',
      'app.kubernetes.io/instance=simfleet',
      '-o',
      'name',
    ]);
    assert.equal(left.trim(), '');
    assert.equal((await acme.job('upgraded'))?.status?.state, 'Succeeded');
  });
});
