import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { controlPlaneMissing, startControlPlane, until } from '@simfleet/testing';
import { compareVersions } from '../../../src/kubernetes/cache/versions.ts';
import type { ConfigMap } from '../cluster.ts';
import { configMaps, open } from '../cluster.ts';

const skip = controlPlaneMissing() ?? false;
const program = join(import.meta.dirname, '../candidate-main.ts');

const start = (test: TestContext, kubeconfig: string, identity: string): ChildProcess => {
  const child = spawn(process.execPath, [program, kubeconfig, identity], { stdio: 'inherit' });
  test.after(() => child.kill('SIGKILL'));
  return child;
};

/** Who wrote, in the order of the API server, each once for what was written without another in between. */
const writers = (objects: readonly ConfigMap[]): readonly string[] =>
  objects
    .toSorted((one, other) => compareVersions(one.metadata.resourceVersion ?? '', other.metadata.resourceVersion ?? ''))
    .map(({ data }) => data?.['identity'] ?? '')
    .filter((identity, index, all) => identity !== all[index - 1]);

test(
  'a leader that is stopped, killed or ended is followed by the other, and never do two write at once',
  { skip },
  async (t) => {
    const { kubeconfig, kill, restart } = await startControlPlane(t);
    const written = open(t, kubeconfig).cache(configMaps, { labels: { written: 'yes' } });
    await written.untilSynced();
    const by = (identity: string): number =>
      written.list().filter(({ data }) => data?.['identity'] === identity).length;
    const writesOn = async (identity: string): Promise<void> => {
      const before = by(identity);
      await until(`${identity} to write`, () => by(identity) > before, 20_000);
    };

    const one = start(t, kubeconfig, 'one');
    await writesOn('one');
    const two = start(t, kubeconfig, 'two');

    // Stopped in the middle of its writes; it wakes up when another leads, and tries to go on.
    one.kill('SIGSTOP');
    await writesOn('two');
    one.kill('SIGCONT');
    await writesOn('two');
    assert.deepEqual(writers(written.list()), ['one', 'two']);

    two.kill('SIGKILL');
    await writesOn('one');
    assert.deepEqual(writers(written.list()), ['one', 'two', 'one']);

    // Without an API server the leader gives up, and one of them leads when it is back.
    const three = start(t, kubeconfig, 'three');
    await kill();
    await restart();
    const [before, beforeThree] = [by('one'), by('three')];
    await until('someone to write', () => by('one') > before || by('three') > beforeThree, 20_000);
    const leader = by('three') > 0 ? three : one;
    const [next, follower] = leader === one ? (['three', three] as const) : (['one', one] as const);

    // A clean end gives the lease away: the other does not wait for it to expire.
    leader.kill('SIGTERM');
    await once(leader, 'exit');
    await writesOn(next);
    assert.equal(leader.exitCode, 0);
    const order = writers(written.list());
    assert(order.length <= 5 && order.at(-1) === next, `they wrote in the order ${order.join(', ')}`);
    follower.kill('SIGTERM');
    await once(follower, 'exit');
  },
);
