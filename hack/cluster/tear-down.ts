import { spawnSync } from 'node:child_process';
import { existsSync, globSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../packages/testing/src/until.ts';
import { type Layout } from './layout.ts';
import { removeNetwork, restoreSettings } from './machine.ts';
import { endPart, killProcess } from './processes.ts';

/** In the order in which they are ended: first those that would start others again. */
export const partsOfTheEnd = [
  'kubelet',
  'kube-proxy',
  'dns',
  'scheduler',
  'controller-manager',
  'containerd',
  'apiserver',
  'etcd',
] as const;

/** Control groups that the kubelet made, one of each kind under version 1. */
const podGroups = (): readonly string[] => globSync(['/sys/fs/cgroup/kubepods', '/sys/fs/cgroup/*/kubepods']);

/** A group and all below it, deepest first. */
const groupsBelow = (group: string): readonly string[] => [
  ...readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => groupsBelow(join(group, name))),
  group,
];

const processesOf = (group: string): readonly number[] =>
  readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);

/** The processes that watch over containers: they name the socket of this containerd among their words. */
const shims = (layout: Layout): readonly number[] =>
  globSync('/proc/[0-9]*/cmdline')
    .filter((file) => {
      try {
        const words = readFileSync(file, 'utf8').split('\0');
        return words[0]?.includes('containerd-shim') === true && words.includes(layout.containerdSocket);
      } catch {
        return false;
      }
    })
    .map((file) => Number(file.split('/')[2]));

const endContainers = async (layout: Layout): Promise<void> => {
  await Promise.all(shims(layout).map(killProcess));
  const groups = podGroups().flatMap(groupsBelow);
  await Promise.all([...new Set(groups.flatMap(processesOf))].map(killProcess));
  await until('the control groups of pods to be gone', () => {
    for (const group of podGroups().flatMap(groupsBelow)) {
      try {
        rmdirSync(group);
      } catch {
        // A process of it is on its way out.
      }
    }
    return podGroups().length === 0;
  });
};

/** Mount points below a directory, last mounted first. The kernel writes spaces and the like as octal. */
const mountsBelow = (directory: string): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter((path) => path.startsWith(`${directory}/`))
    .reverse();

const unmountAll = (layout: Layout): void => {
  for (const path of mountsBelow(layout.directory)) spawnSync('umount', ['--lazy', path], { stdio: 'inherit' });
  const left = mountsBelow(layout.directory);
  if (left.length > 0) throw new Error(`these could not be unmounted: ${left.join(', ')}`);
};

/** The kubelet and the network plugins leave these outside their directories. */
const removeTraces = (layout: Layout): void => {
  for (const link of globSync('/var/log/containers/*')) {
    if (lstatSync(link).isSymbolicLink() && readlinkSync(link).startsWith(layout.directory)) rmSync(link);
  }
  for (const file of globSync('/var/lib/cni/results/simfleet-*')) rmSync(file);
};

/**
 * Ends every process of the cluster by its id, containers included, unmounts what they mounted, puts the machine back as it was and removes the
 * directory. Idempotent, and safe on what an interrupted start or a killed machine left.
 */
export const tearDown = async (layout: Layout, { keepLogs = false } = {}): Promise<void> => {
  if (existsSync(layout.directory)) {
    for (const part of partsOfTheEnd) await endPart(layout, part);
    if (layout.node) {
      await endContainers(layout);
      unmountAll(layout);
      removeTraces(layout);
      restoreSettings(layout);
    }
  }
  if (layout.node) removeNetwork();
  if (!existsSync(layout.directory)) return;
  for (const name of readdirSync(layout.directory)) {
    if (!keepLogs || name !== 'logs') rmSync(layout.file(name), { recursive: true, force: true });
  }
  if (!keepLogs) rmdirSync(layout.directory);
};
