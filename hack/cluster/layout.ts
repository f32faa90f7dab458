import { join } from 'node:path';
import { clusterAddress, clusterPort } from '../../packages/testing/src/kubernetes/cluster-place.ts';

/** Where a cluster of this machine keeps everything, and what it listens on. There is one such cluster a machine: its addresses are fixed. */
export interface Layout {
  readonly directory: string;
  /** Whether there is a node beside the control plane: as root on Linux. */
  readonly node: boolean;
  /** Of the API server, and of the node. */
  readonly address: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly containerdSocket: string;
  /** A file below the directory. */
  file(...path: readonly string[]): string;
}

/** On a network of their own, which no packet leaves the machine by. */
export const nodeAddress = clusterAddress;
export const dnsAddress = '10.98.0.10';
export const podRange = '10.97.0.0/24';
export const nodeName = 'simfleet';
export const interfaceName = 'simfleet0';
export const pauseImage = 'simfleet.dev/pause:1';

/** Ports on 127.0.0.1, but for the kubelet's own, which is on the node's address. */
export const ports = {
  etcd: 23790,
  etcdPeer: 23800,
  controllerManager: 10257,
  scheduler: 10259,
  kubelet: 10250,
  kubeletHealth: 10248,
  proxyHealth: 10256,
  proxyMetrics: 10249,
  dnsReady: 8181,
} as const;

export const layoutOf = (directory: string): Layout => {
  const file = (...path: readonly string[]): string => join(directory, ...path);
  const node = process.getuid?.() === 0;
  return {
    directory,
    node,
    address: node ? nodeAddress : '127.0.0.1',
    port: clusterPort,
    kubeconfig: file('kubeconfig'),
    containerdSocket: file('containerd.sock'),
    file,
  };
};
