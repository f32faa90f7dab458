import { errorCode } from '@simfleet/contracts';
import { isReason } from '../kubernetes/index.ts';
import type { KubernetesApi } from '../kubernetes/index.ts';
import type { BatchJob } from '../resources/batch-job.ts';
import { applyManager } from '../resources/names.ts';
import { pods as podType } from '../resources/pod.ts';
import type { Pod } from '../resources/pod.ts';

/** Finds out why the Job controller makes no pods: its own words are in Events only, which age and are many. */
export interface RefusedPods {
  /** What the API server says to a pod of the child, tried dry; null when it takes it, or nothing seems wrong. At most one request in 30 s a child, and two a second in all. */
  reason(child: BatchJob | null, pods: readonly Pod[], now: number): Promise<string | null>;
}

/** The Job controller makes pods within a second. */
const patienceMs = 5_000;
const askEveryMs = 30_000;
/** By then the child has pods, is gone, or was asked again. */
const forgottenAfterMs = 600_000;
/** Among all children, so that thousands that wait for a controller ask no more than one. */
const spacingMs = 500;

export const openRefusedPods = (api: KubernetesApi): RefusedPods => {
  let lastAt = -Infinity;
  const asked = new Map<string, { readonly at: number; readonly answer: string | null }>();

  const ask = async (child: BatchJob): Promise<string | null> => {
    try {
      await api.create(podType, podOf(child), { fieldManager: applyManager, dryRun: true });
      return null;
    } catch (error) {
      if (isReason(error, 'Forbidden') || isReason(error, 'Invalid')) return error.detail;
      if (errorCode(error) === 'unavailable') return null;
      throw error;
    }
  };

  return {
    async reason(child, pods, now) {
      if (child === null || !lacksPods(child, pods, now)) return null;
      const uid = child.metadata.uid ?? '';
      const before = asked.get(uid);
      if (before !== undefined && now - before.at < askEveryMs) return before.answer;
      if (now - lastAt < spacingMs) return before?.answer ?? null;
      lastAt = now;
      for (const [each, { at }] of asked) if (now - at > forgottenAfterMs) asked.delete(each);
      const answer = await ask(child);
      asked.set(uid, { at: now, answer });
      return answer;
    },
  };
};

const lacksPods = ({ metadata, spec }: BatchJob, pods: readonly Pod[], now: number): boolean =>
  spec.suspend !== true && pods.length === 0 && now - Date.parse(metadata.creationTimestamp ?? '') > patienceMs;

const podOf = ({ metadata, spec }: BatchJob): Pod => ({
  apiVersion: podType.apiVersion,
  kind: podType.kind,
  metadata: {
    name: `${metadata.name}-dry-run`,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...spec.template?.metadata,
  },
  ...(spec.template === undefined ? {} : { spec: spec.template.spec }),
});
