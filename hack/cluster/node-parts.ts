import { mkdirSync, writeFileSync } from 'node:fs';
import { writeKubeconfig, type Credentials } from '../../packages/testing/src/kubernetes/credentials.ts';
import { coreDns, fileOf } from '../../packages/testing/src/kubernetes/programs.ts';
import { dnsAddress, nodeAddress, nodeName, podRange, ports, type Layout } from './layout.ts';
import { fileOfTool } from './node-programs.ts';

/** Users of the parts of a node → their groups. */
export const nodeUsers = {
  [`system:node:${nodeName}`]: 'system:nodes',
  'system:kube-proxy': 'system:authenticated',
  'cluster-dns': 'system:masters',
} as const;

/** Writes the kubeconfig of a user and answers its path. */
const kubeconfigOf = (layout: Layout, credentials: Credentials, user: keyof typeof nodeUsers): string => {
  const path = layout.file(`${user.replaceAll(':', '-')}.kubeconfig`);
  const url = `https://${layout.address}:${layout.port}`;
  writeKubeconfig(path, url, credentials.caFile, credentials.tokens[user] ?? '');
  return path;
};

/** Writes the configuration of the kubelet and answers its command. It neither evicts nor collects images: the machine is a developer's. */
export const kubeletCommand = (layout: Layout, credentials: Credentials): readonly string[] => {
  writeFileSync(layout.file('resolv.conf'), `nameserver ${dnsAddress}\n`);
  mkdirSync(layout.file('manifests'), { recursive: true });
  const configuration = {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    address: nodeAddress,
    port: ports.kubelet,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: ports.kubeletHealth,
    authentication: {
      x509: { clientCAFile: credentials.caFile },
      webhook: { enabled: true },
      anonymous: { enabled: false },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: [dnsAddress],
    resolvConf: layout.file('resolv.conf'),
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    // Rules of its own that it would leave in the machine.
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    podLogsDir: layout.file('pod-logs'),
    serializeImagePulls: false,
    syncFrequency: '10s',
    fileCheckFrequency: '1h',
    registerNode: true,
  };
  writeFileSync(layout.file('kubelet.json'), JSON.stringify(configuration));
  return [
    fileOf('kubelet'),
    `--config=${layout.file('kubelet.json')}`,
    `--kubeconfig=${kubeconfigOf(layout, credentials, `system:node:${nodeName}`)}`,
    `--root-dir=${layout.file('kubelet')}`,
    `--cert-dir=${layout.file('kubelet-certificates')}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${nodeAddress}`,
  ];
};

/** Writes the configuration of kube-proxy and answers its command. */
export const proxyCommand = (layout: Layout, credentials: Credentials): readonly string[] => {
  const configuration = {
    kind: 'KubeProxyConfiguration',
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    mode: 'nftables',
    clientConnection: { kubeconfig: kubeconfigOf(layout, credentials, 'system:kube-proxy') },
    clusterCIDR: podRange,
    hostnameOverride: nodeName,
    healthzBindAddress: `127.0.0.1:${ports.proxyHealth}`,
    metricsBindAddress: `127.0.0.1:${ports.proxyMetrics}`,
    nodePortAddresses: ['127.0.0.1/32'],
    nftables: { minSyncPeriod: '100ms' },
    oomScoreAdj: 0,
    // Sizes of the machine's tables are left alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  writeFileSync(layout.file('kube-proxy.json'), JSON.stringify(configuration));
  return [fileOf('kube-proxy'), `--config=${layout.file('kube-proxy.json')}`];
};

/** Writes the configuration of CoreDNS and answers its command. Names outside the cluster are not known. */
export const dnsCommand = (layout: Layout, credentials: Credentials): readonly string[] => {
  const corefile = `.:53 {
  bind ${dnsAddress}
  errors
  ready 127.0.0.1:${ports.dnsReady}
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfigOf(layout, credentials, 'cluster-dns')}
    ttl 5
  }
}
`;
  writeFileSync(layout.file('Corefile'), corefile);
  return [fileOfTool(coreDns), '-conf', layout.file('Corefile')];
};
