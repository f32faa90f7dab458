import type { KubernetesObject, ResourceType } from '../kubernetes/objects.ts';
import type { PodSpec } from './pod.ts';

/** A Job of batch/v1: members that the operator writes or reads. */
export interface BatchJob extends KubernetesObject {
  readonly spec: BatchJobSpec;
  readonly status?: BatchJobStatus;
}

export interface BatchJobSpec {
  readonly parallelism: number;
  readonly completions: number;
  readonly suspend?: boolean;
  readonly completionMode?: 'Indexed';
  readonly backoffLimitPerIndex?: number;
  readonly podReplacementPolicy?: 'Failed';
  readonly podFailurePolicy?: { readonly rules: readonly PodFailureRule[] };
  readonly successPolicy?: { readonly rules: readonly { readonly succeededCount: number }[] };
  readonly template?: PodTemplate;
}

export interface PodFailureRule {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  readonly onExitCodes?: {
    readonly containerName: string;
    readonly operator: 'In' | 'NotIn';
    readonly values: readonly number[];
  };
  readonly onPodConditions?: readonly { readonly type: string; readonly status: 'True' }[];
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

export interface BatchJobStatus {
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** Such as "1,3-5,7". */
  readonly failedIndexes?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
    readonly lastTransitionTime?: string;
  }[];
}

export const batchJobs: ResourceType<BatchJob> = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
};
