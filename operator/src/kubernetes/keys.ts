import type { KubernetesObject, ObjectReference } from './objects.ts';

/** `namespace/name`, or `name` of what is cluster-wide: the key of queues and caches. */
export const keyOf = ({ namespace, name }: ObjectReference): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** Reverses `keyOf`. */
export const referenceOf = (key: string): ObjectReference => {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** Key of the controlling owner (in the object's namespace) of that kind, for `changesOf`: none when it has no such owner. */
export const ownerKeys =
  (kind: string) =>
  ({ metadata }: KubernetesObject): readonly string[] => {
    const owner = metadata.ownerReferences?.find((candidate) => candidate.controller === true);
    if (owner?.kind !== kind) return [];
    return [keyOf(metadata.namespace === undefined ? owner : { namespace: metadata.namespace, name: owner.name })];
  };
