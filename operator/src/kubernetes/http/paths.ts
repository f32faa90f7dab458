import type { ObjectReference, ResourceType } from '../objects.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of the collection, in one namespace or in all. */
export const collectionPath = ({ apiVersion, plural, namespaced }: ResourceType, namespace?: string): string => {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${inside}/${plural}`;
};

export const objectPath = (type: ResourceType, { namespace, name }: ObjectReference, subresource?: string): string =>
  `${collectionPath(type, namespace)}/${encodeURIComponent(name)}${subresource === undefined ? '' : `/${subresource}`}`;

/** `?a=1&b=2`, or nothing; members that are undefined are left out. */
export const queryText = (query: Query): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
};
