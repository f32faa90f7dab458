import type { KubernetesApi } from './api.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

export const hasFinalizer = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;

/**
 * Lets the object go as far as this finalizer is concerned; one request, or none when it does not have it. For finalizers that were not put by server-side apply too.
 * Throws `Conflict` when the object changed meanwhile: other finalizers may have come.
 */
export const removeFinalizer = async <Object extends KubernetesObject>(
  api: KubernetesApi,
  type: ResourceType<Object>,
  object: Object,
  finalizer: string,
  fieldManager: string,
): Promise<void> => {
  if (!hasFinalizer(object, finalizer)) return;
  const { finalizers = [], resourceVersion } = object.metadata;
  const patch = { metadata: { finalizers: finalizers.filter((other) => other !== finalizer) } };
  await api.mergePatch(type, object.metadata, patch, {
    fieldManager,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  });
};
