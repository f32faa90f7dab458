// A Kubernetes cluster on this machine, by kind where Docker runs:
//   node hack/cluster/main.ts up                  else the control plane and, as root, a real node; nothing to do when it is up
//   node hack/cluster/main.ts down                ends all of it and puts the machine back as it was
//   node hack/cluster/main.ts status              whether it is up, and the ids of its processes (not of kind's)
//   node hack/cluster/main.ts kill|start <part>   ends a part with SIGKILL; starts it again (not kind's)
//   node hack/cluster/main.ts load <tar>          gives the node the images of an archive
// With `--with node` kind is not used even where Docker runs; with `--with kind` nothing else is.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kubernetesProgram } from '@simfleet/testing';
import { clusterDirectory } from '../../packages/testing/src/kubernetes/cluster-place.ts';
import { bringUp, isUp, startParts } from './bring-up.ts';
import { ctr } from './containers.ts';
import { dockerRuns, kindDown, kindLoad, kindUp } from './kind.ts';
import { layoutOf } from './layout.ts';
import { endPart, pidOf } from './processes.ts';
import { partsOfTheEnd, tearDown } from './tear-down.ts';

const usage = `usage: node hack/cluster/main.ts [--with kind|node] [--directory dir] command
commands: up, down, status, kill <part>, start <part>, load <tar>`;
const { values, positionals } = parseArgs({
  options: { directory: { type: 'string', default: clusterDirectory() }, with: { type: 'string' } },
  allowPositionals: true,
});
const [command = '', argument = ''] = positionals;
const layout = layoutOf(resolve(values.directory));

const withKind = values.with === 'kind' || (values.with === undefined && dockerRuns());

const upByKind = async (): Promise<void> => {
  await kindUp();
  console.log('the cluster is up; kubectl uses it by the context kind-simfleet');
};

const up = async (): Promise<void> => {
  const started = performance.now();
  await bringUp(layout);
  console.log(`the cluster is up (${((performance.now() - started) / 1000).toFixed(1)} s); try:`);
  const kubectl = kubernetesProgram('kubectl');
  console.log(`  export KUBECONFIG=${layout.kubeconfig}`);
  if ('file' in kubectl) console.log(`  ${kubectl.file} get nodes`);
  if (!layout.node) console.log('It has no node: pods stay pending. As root on Linux it has one.');
};

const status = async (): Promise<void> => {
  for (const part of partsOfTheEnd) console.log(`${part}: ${pidOf(layout, part) ?? 'not running'}`);
  const ready = await isUp(layout);
  console.log(ready ? 'up' : 'not up');
  process.exitCode = ready ? 0 : 1;
};

const part = (): string => {
  if ((partsOfTheEnd as readonly string[]).includes(argument)) return argument;
  throw new Error(`which part? ${partsOfTheEnd.join(', ')}`);
};

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  up: withKind ? upByKind : up,
  async down() {
    if (values.with !== 'node' && dockerRuns()) kindDown();
    if (values.with !== 'kind') await tearDown(layout);
  },
  status,
  kill: async () => endPart(layout, part()),
  start: async () => startParts(layout, [part()]),
  load: async () => (withKind ? kindLoad(resolve(argument)) : ctr(layout, 'images', 'import', resolve(argument))),
};

const chosen = commands[command];
if (chosen === undefined) {
  console.error(usage);
  process.exit(2);
}
try {
  await chosen();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
