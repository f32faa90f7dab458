/** What the operator knows its own by, beside `resourceMarks` of contracts. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'simfleet-operator';
export const queueLabel = 'kueue.x-k8s.io/queue-name';

/** Creates children, once. */
export const createManager = 'simfleet-create';
/** Keeps what the operator may change later. */
export const applyManager = 'simfleet-operator';
/** Writes the resources of jobs that were born in the API. */
export const intakeManager = 'simfleet-intake';

/** The container of a shard's pod. */
export const shardContainer = 'shard';
