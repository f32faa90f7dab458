// The peer's reconciler on our controller runtime, without platform, Secret or repair: one child Job and one write of the status for each SimulationJob.
import { parseArgs } from 'node:util';
import { createLogger, createMetrics, systemClock } from '@simfleet/runtime';
import { changesOf, openKubernetes, ownerKeys } from '../../../operator/src/kubernetes/index.ts';
import { childJobs, minimalReconcile, simulationJobs } from './reconcile.ts';

const { values } = parseArgs({
  options: { kubeconfig: { type: 'string', default: '' }, workers: { type: 'string', default: '8' } },
});

const logger = createLogger({ level: 'warn', destination: process.stderr });
const kubernetes = openKubernetes({
  kubeconfig: values.kubeconfig,
  clock: systemClock,
  logger,
  metrics: createMetrics(),
  controllerName: 'simfleet.dev/bench',
  instance: 'bench',
});
const jobs = kubernetes.cache(simulationJobs);
const children = kubernetes.cache(childJobs);
const controller = kubernetes.controller({
  name: 'minimal',
  sources: [changesOf(jobs), changesOf(children, ownerKeys('SimulationJob'))],
  workers: Number(values.workers),
  reconcile: minimalReconcile(kubernetes.api, jobs, children),
});

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
await Promise.all([jobs.untilSynced(), children.untilSynced()]);
console.log('ready');
await controller.run({ stopping: stopping.signal, lost: new AbortController().signal });
await kubernetes.stop();
