import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { childJob, mendedChild } from '../../src/reconcile/child-job.ts';
import { childName } from '../../src/reconcile/child-name.ts';
import { readIndexes } from '../../src/reconcile/index-ranges.ts';
import { drawToken, readToken, tokenHash, tokenSecret } from '../../src/reconcile/child-token.ts';
import { childOf, jobOf, resourceOf, settings } from '../support/builders.ts';

const made = (spec = {}, given = {}) =>
  childJob({ resource: resourceOf(), job: jobOf({ spec }), container: null }, { ...settings, ...given });

test('the child is a pool of workers that disruptions cost nothing', () => {
  const { spec, metadata } = made({ shards: 4, backoffLimitPerIndex: 3 });
  assert.deepEqual([spec.parallelism, spec.completions, spec.completionMode], [4, 4, 'Indexed']);
  assert.equal(spec.backoffLimitPerIndex, 3);
  assert.deepEqual(spec.successPolicy, { rules: [{ succeededCount: 1 }] });
  assert.deepEqual(
    spec.podFailurePolicy?.rules.map(({ action }) => action),
    ['Ignore', 'Ignore', 'FailJob'],
  );
  assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-1');
  assert.ok(!('activeDeadlineSeconds' in spec) && !('ttlSecondsAfterFinished' in spec));
});

test('a queue admits the child, and owns its suspension from then on', () => {
  const { spec, metadata } = made({ queueName: 'main' });
  assert.equal(spec.suspend, true);
  assert.equal(metadata.labels?.['kueue.x-k8s.io/queue-name'], 'main');
  const job = jobOf({ spec: { queueName: 'main' } });
  const admitted = childOf(job);
  assert.equal(mendedChild({ ...admitted, spec: { ...admitted.spec, suspend: false, parallelism: 1 } }, job), null);
});

test('the pod is restricted, holds the token as a file, and none of the cluster’s credentials', () => {
  const pod = made({}, { ca: 'PEM' }).spec.template?.spec;
  const [container] = pod?.containers ?? [];
  assert.equal(pod?.automountServiceAccountToken, false);
  assert.equal(pod.restartPolicy, 'Never');
  assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
  assert.equal(container?.securityContext['readOnlyRootFilesystem'], true);
  const variables = container.env.map(({ name }) => name);
  assert.ok(variables.includes('NODE_EXTRA_CA_CERTS') && !variables.some((name) => name === 'SIMFLEET_TOKEN'));
});

test('what a job says of its pods is taken, the image of a container service too', () => {
  const podTemplate = {
    metadata: { labels: { tier: 'spot' }, annotations: { note: 'x' } },
    spec: { nodeSelector: { pool: 'spot' }, resources: { requests: { cpu: '2' } } },
  };
  const image = `registry.example/own@sha256:${'0'.repeat(64)}`;
  const container = {
    image,
    env: [{ name: 'MODE', value: 'fast' }],
    blockSize: 1,
    metrics: [{ name: 'x', description: '' }],
  };
  const job = jobOf({ spec: { podTemplate, priorityClassName: 'low' } });
  const template = childJob({ resource: resourceOf(), job, container }, settings).spec.template;
  const [shard] = template?.spec.containers ?? [];
  assert.equal(template?.metadata.labels['tier'], 'spot');
  assert.equal(template.metadata.labels['simfleet.dev/job-id'], 'job-1');
  assert.deepEqual(template.spec.nodeSelector, { pool: 'spot' });
  assert.equal(template.spec.priorityClassName, 'low');
  assert.deepEqual(shard?.resources, { requests: { cpu: '2' } });
  assert.equal(shard.image, image);
  assert.deepEqual(shard.env[0], { name: 'MODE', value: 'fast' });
});

test('drift is mended as a whole, and nothing is written where there is none', () => {
  const job = jobOf();
  const child = childOf(job);
  assert.equal(mendedChild(child, job), null);
  const mended = mendedChild(child, jobOf({ spec: { shards: 5 } }));
  assert.deepEqual(mended?.spec, { parallelism: 5, completions: 5, suspend: false });
  assert.equal(mended.metadata.uid, 'child-1');
  const relabelled = mendedChild({ ...child, metadata: { ...child.metadata, labels: {} } }, job);
  assert.equal(relabelled?.metadata.labels?.['simfleet.dev/run'], '1');
});

test('names of children fit whatever Kubernetes makes of them, and differ as the jobs do', () => {
  const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,100}[a-z0-9])?$/);
  fc.assert(
    fc.property(name, name, fc.integer({ min: 1, max: 10_000 }), (first, second, run) => {
      const child = childName(first, run);
      assert.match(`${child}-999`, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      if (first !== second && childName(second, run) === child) assert.fail(`${first} and ${second} are ${child}`);
    }),
  );
});

test('indexes read as the Job controller writes them', () => {
  assert.deepEqual(readIndexes('1,3-5,7'), [1, 3, 4, 5, 7]);
  assert.deepEqual(readIndexes(undefined), []);
  assert.deepEqual(readIndexes(''), []);
});

test('a token survives its Secret, and only as a hash elsewhere', () => {
  const token = drawToken();
  const secret = tokenSecret({ name: 'x' }, token, 'PEM');
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(readToken(secret), token);
  assert.equal(readToken({ ...secret, data: {} }), null);
  assert.match(tokenHash(token), /^[0-9a-f]{64}$/);
  assert.equal(Buffer.from(secret.data?.['ca.crt'] ?? '', 'base64').toString(), 'PEM');
});

test('the child of a job that waits for paths is suspended, and goes on when there are some', () => {
  const waits = jobOf({ waitsFor: 'paths' });
  assert.equal(mendedChild(childOf(jobOf()), waits)?.spec?.suspend, true);
  const suspended = { ...childOf(waits), spec: { ...childOf(waits).spec, suspend: true } };
  assert.equal(mendedChild(suspended, waits), null);
  assert.equal(mendedChild(suspended, jobOf())?.spec?.suspend, false);
});
