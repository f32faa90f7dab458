import type { Cluster, Scope } from './cluster.ts';
import { childJobsPath, simulationJobsPath } from './cluster.ts';
import { watchFromNow } from './watch.ts';

const intervalMs = 50;
const limitMs = 30_000;

/**
 * Changes the number of shards of one SimulationJob after the other, twenty a second whatever the answers take. Answers for each the milliseconds from
 * sending the edit to hearing from a watch that the child has it. `shardCounts` are taken in turns, the first of
 * them by children that have another. Throws when one takes longer than half a minute.
 */
export const editLatencies = async (
  { plane }: Cluster,
  scope: Scope,
  names: readonly string[],
  edits: number,
  shardCounts: readonly [number, number],
): Promise<readonly number[]> => {
  const waiting = new Map<string, { readonly shards: number; readonly done: () => void }>();
  const stop = await watchFromNow(plane, childJobsPath, ({ metadata, spec }) => {
    const owner = metadata.ownerReferences?.[0]?.name ?? '';
    const wanted = waiting.get(owner);
    if (wanted === undefined || wanted.shards !== spec.completions) return;
    waiting.delete(owner);
    wanted.done();
  });
  scope.after(async () => stop());

  const edit = async (index: number): Promise<number> => {
    const name = names[index % names.length] ?? '';
    const shards = shardCounts[Math.floor(index / names.length) % 2] ?? 0;
    const began = performance.now();
    const patched = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the child of ${name} was not patched`)), limitMs);
      waiting.set(name, {
        shards,
        done: () => {
          clearTimeout(late);
          resolve();
        },
      });
    });
    await Promise.all([patched, plane.api.patch(`${simulationJobsPath}/${name}`, { spec: { shards } })]);
    return performance.now() - began;
  };

  const begun: Promise<number>[] = [];
  for (let index = 0; index < edits; index += 1) {
    const edited = edit(index);
    // It is heard at the end.
    edited.catch(() => undefined);
    begun.push(edited);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  return Promise.all(begun);
};
