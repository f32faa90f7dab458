import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import type { RedisKind } from './programs.ts';
import { startServer, type CleanUp, type TestRedis } from './start-redis.ts';

/** Three masters on loopback, without replicas. */
export interface TestRedisCluster {
  /** `redis://127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003`: all nodes, any of which leads to the others. */
  readonly url: string;
  readonly nodes: readonly TestRedis[];
}

const slots = 16_384;
const masters = 3;

const isUp = async ({ cli }: TestRedis): Promise<boolean> => {
  const info = await cli('CLUSTER', 'INFO');
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`);
};

/** Starts a cluster; resolves when every node sees it whole. Throws the reason where there is no server: ask `redisMissing` first and skip. */
export const startRedisCluster = async (
  test: CleanUp,
  { kind = 'redis' }: { readonly kind?: RedisKind } = {},
): Promise<TestRedisCluster> => {
  const startNode = async (): Promise<TestRedis> =>
    startServer(kind, test, {
      settings: {
        'cluster-enabled': 'yes',
        // Its default is the port + 10,000, which nobody has looked at.
        'cluster-port': String(await freePort()),
        'cluster-config-file': 'nodes.conf',
        // Before others have told it where it is, a node leaves itself out of what it tells clients.
        'cluster-announce-ip': '127.0.0.1',
        // As long as a new cluster waits before it is whole.
        'cluster-node-timeout': '2000',
      },
    });
  const nodes = await Promise.all(Array.from({ length: masters }, startNode));
  const [first] = nodes;
  for (const [index, node] of nodes.entries()) {
    const [from, to] = [index, index + 1].map((edge) => Math.floor((edge * slots) / masters)) as [number, number];
    await node.cli('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
    await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    const bus = /^[^ ]+ [^ ]+@(\d+)/.exec(await node.cli('CLUSTER', 'NODES'))?.[1] ?? '';
    if (first !== undefined && index > 0) await first.cli('CLUSTER', 'MEET', '127.0.0.1', String(node.port), bus);
  }
  await until('the cluster to be whole', async () => (await Promise.all(nodes.map(isUp))).every(Boolean), 20_000);
  // A busy machine may keep a node silent for seconds: the others shall not give it up for that.
  for (const { cli } of nodes) await cli('CONFIG', 'SET', 'cluster-node-timeout', '15000');
  return { url: `redis://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes };
};
