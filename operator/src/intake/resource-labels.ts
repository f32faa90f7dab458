import { labelKey, labelValue, resourceMarks } from '@simfleet/contracts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import { managedBy, managedByLabel } from '../resources/names.ts';

/** A job holds at most so many. */
const mostLabels = 64;

/** Labels of a resource that its job has too: all but those that the operator sets. */
export const labelsFor = ({ metadata }: KubernetesObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(metadata.labels ?? {})
      .filter(([key, value]) => !isOurs(key) && labelKey.safeParse(key).success && labelValue.safeParse(value).success)
      .slice(0, mostLabels),
  );

/** Labels of the resource of a job that was born in the API. */
export const labelsOfResource = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(labels).filter(([key]) => !isOurs(key))),
  [managedByLabel]: managedBy,
  [resourceMarks.origin]: 'api',
});

const isOurs = (key: string): boolean => key === managedByLabel || key.startsWith('simfleet.dev/');
