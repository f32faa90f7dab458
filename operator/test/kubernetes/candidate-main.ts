import { createMetrics, systemClock } from '@simfleet/runtime';
import { silentLogger } from '@simfleet/testing';
import { openKubernetes } from '../../src/kubernetes/index.ts';
import type { KubernetesApi, Term } from '../../src/kubernetes/index.ts';
import { configMap, configMaps } from './cluster.ts';

// A replica as a process of its own, to be stopped and killed: while it leads it writes as fast as it can, several writes at a time.

const [kubeconfig = '', identity = ''] = process.argv.slice(2);
const options = { clock: systemClock, logger: silentLogger(), metrics: createMetrics() };
const kubernetes = openKubernetes({ ...options, kubeconfig, controllerName: 'simfleet.dev/test', instance: identity });
const lease = { namespace: 'default', name: 'candidates', leaseMs: 3000, renewLimitMs: 2000, retryMs: 300 };
const election = kubernetes.leaderElection({ ...lease, identity });

const writer = async (api: KubernetesApi, term: Term, name: string): Promise<void> => {
  for (let count = 0; !term.stopping.aborted; count++)
    // Deliberately goes on when the term is lost: that nothing is written then is the fence's to hold.
    await api
      .create(configMaps, configMap(`${name}-${count}`, { identity }, { written: 'yes' }), { fieldManager: identity })
      .catch(() => systemClock.sleep(20));
};

process.once('SIGTERM', () => void election.stop().then(() => kubernetes.stop()));
const hold = setInterval(() => undefined, 1000);
await election.run(async (term) => {
  const names = Array.from({ length: 4 }, (_, index) => `${identity}-${systemClock.now()}-${index}`);
  await Promise.race([
    Promise.all(names.map((name) => writer(election.api, term, name))),
    new Promise((resolve) => term.lost.addEventListener('abort', resolve)),
  ]);
});
clearInterval(hold);
