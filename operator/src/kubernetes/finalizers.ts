import type { KubernetesApi } from './api.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

/** What holds an object, and who writes that. */
export interface Hold {
  readonly finalizer: string;
  readonly fieldManager: string;
}

export const hasFinalizer = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;

/** Holds the object: deleted, it stays until `removeFinalizer`. One request, or none when it is held. Throws `Conflict` when the object changed meanwhile. */
export const addFinalizer = async <Object extends KubernetesObject>(
  api: KubernetesApi,
  type: ResourceType<Object>,
  object: Object,
  { finalizer, fieldManager }: Hold,
): Promise<Object> => {
  if (hasFinalizer(object, finalizer)) return object;
  return write(api, type, object, [...(object.metadata.finalizers ?? []), finalizer], fieldManager);
};

/** Lets the object go as far as this finalizer is concerned. One request, or none when it does not have it. Throws `Conflict` when the object changed meanwhile. */
export const removeFinalizer = async <Object extends KubernetesObject>(
  api: KubernetesApi,
  type: ResourceType<Object>,
  object: Object,
  { finalizer, fieldManager }: Hold,
): Promise<void> => {
  if (!hasFinalizer(object, finalizer)) return;
  const others = (object.metadata.finalizers ?? []).filter((other) => other !== finalizer);
  await write(api, type, object, others, fieldManager);
};

/** The list is written whole, so only over the very version that was read: others may have put theirs in. */
const write = <Object extends KubernetesObject>(
  api: KubernetesApi,
  type: ResourceType<Object>,
  { metadata: { name, namespace, uid, resourceVersion } }: Object,
  finalizers: readonly string[],
  fieldManager: string,
): Promise<Object> =>
  api.mergePatch(
    type,
    { name, ...(namespace === undefined ? {} : { namespace }) },
    { metadata: { finalizers } },
    {
      fieldManager,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  );
