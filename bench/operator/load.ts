import type { KubernetesApi } from '@simfleet/testing';

/** Works off all of them with so many at a time. */
export const inFlight = async <Item>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> => {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of rest) await work(item);
    }),
  );
};

/** As many as the client of the tests has connections. */
export const creators = 32;

export const namesOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** A job as people write them. Nothing runs it here: no node takes its pods. */
export const simulationJob = (name: string): Readonly<Record<string, unknown>> => ({
  apiVersion: 'simfleet.dev/v1alpha1',
  kind: 'SimulationJob',
  metadata: { name, labels: { desk: 'equity' } },
  spec: {
    serviceRef: { name: 'european-option' },
    parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' },
    seed: '42',
    maxPaths: '1000000',
    shards: 2,
  },
});

/** Creates SimulationJobs of those names. */
export const createJobs = (api: KubernetesApi, path: string, names: readonly string[]): Promise<void> =>
  inFlight(names, creators, (name) => api.create(path, simulationJob(name)));
