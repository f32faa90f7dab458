import { microTime } from '../micro-time.ts';
import type { KubernetesObject, ObjectMeta, ResourceType } from '../objects.ts';

/** events.k8s.io/v1 Event. */
export interface Event extends KubernetesObject {
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: Regarding;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

interface Regarding extends Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'> {
  readonly apiVersion: string;
  readonly kind: string;
}

export const eventType: ResourceType<Event> = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

export interface Described {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** The API server takes notes of up to 1,024 bytes, and names of up to 253 characters. */
const longestNote = 1024;
const longestName = 253;

export interface Reporter {
  readonly controller: string;
  readonly instance: string;
}

/** `unique` makes the name different from that of every other event about the object. */
export const eventAbout = (
  { apiVersion, kind, metadata }: KubernetesObject,
  { type, reason, action, note }: Described,
  { controller, instance }: Reporter,
  atMs: number,
  unique: string,
): Event => {
  const { name, namespace, uid, resourceVersion } = metadata;
  const regarding = { apiVersion, kind, name, namespace, uid, resourceVersion };
  return {
    apiVersion: eventType.apiVersion,
    kind: eventType.kind,
    // What is about cluster-wide objects is kept in the default namespace, as the API server demands.
    metadata: {
      name: `${name.slice(0, longestName - unique.length - 1)}.${unique}`,
      namespace: namespace ?? 'default',
    },
    eventTime: microTime(atMs),
    type,
    reason,
    action,
    note: shortened(note),
    regarding: Object.fromEntries(
      Object.entries(regarding).filter(([, value]) => value !== undefined),
    ) as unknown as Regarding,
    reportingController: controller,
    reportingInstance: instance,
  };
};

/** Cut between characters, the mark of three bytes included. */
const shortened = (note: string): string => {
  const bytes = Buffer.from(note);
  if (bytes.length <= longestNote) return note;
  return `${bytes
    .subarray(0, longestNote - 3)
    .toString()
    .replace(/\uFFFD+$/, '')}…`;
};
