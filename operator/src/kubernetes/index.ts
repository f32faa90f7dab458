export type * from './api.ts';
export type * from './objects.ts';
export type * from './runtime.ts';
export { KubernetesError, isReason } from './errors.ts';
export { addFinalizer, hasFinalizer, removeFinalizer } from './finalizers.ts';
export { keyOf, ownerKeys, referenceOf } from './keys.ts';
export { openKubernetes } from './open.ts';
export { changesOf } from './sources.ts';
