import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { KubernetesError } from '../errors.ts';
import { collectionPath, queryText } from '../http/paths.ts';
import type { Requests } from '../http/requests.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';

export interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Without `apiVersion` and `kind`, as the server leaves them out in lists of its own types. */
  readonly items: readonly KubernetesObject[];
}

/** `object` is a Status when `type` is ERROR, and little more than a version when it is BOOKMARK. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject;
}

/** Where a cache gets its objects from. */
export interface Origin {
  list(query: { readonly limit?: number; readonly continue?: string }, signal: AbortSignal): Promise<ListPage>;
  /** Resolves when the server has accepted; the events come in batches, as they arrive. Ends when the server ends it. Throws when the connection breaks. */
  watch(
    query: { readonly resourceVersion: string; readonly timeoutSeconds: number },
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly WatchEvent[]>>;
}

export interface OriginOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Long lists take long: 10,000 objects in pages of 500 are 20 requests of some 50 ms. */
export const openOrigin = (requests: Requests, type: ResourceType, options: OriginOptions): Origin => {
  const collection = collectionPath(type, options.namespace);
  const selector = Object.entries(options.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const labelSelector = selector.length === 0 ? undefined : selector.join(',');
  const request = { method: 'GET', resource: type.plural } as const;
  return {
    list: async (query, signal) =>
      (await requests.json({
        ...request,
        verb: 'list',
        path: `${collection}${queryText({ labelSelector, ...query })}`,
        repeatable: true,
        signal,
      })) as ListPage,
    async watch(query, signal) {
      const parameters = { watch: true, allowWatchBookmarks: true, labelSelector, ...query };
      const path = `${collection}${queryText(parameters)}`;
      return events(await requests.stream({ ...request, verb: 'watch', path, signal }));
    },
  };
};

const events = async function* (answer: IncomingMessage): AsyncGenerator<readonly WatchEvent[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of answer) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      const batch = lines.filter((line) => line !== '').map(parseEvent);
      if (batch.length > 0) yield batch;
    }
  } catch (cause) {
    if (cause instanceof KubernetesError) throw cause;
    throw new KubernetesError('Unreachable', 'the connection of a watch broke', { cause });
  }
  if (rest !== '') throw new KubernetesError('Unreachable', 'a watch ended in the middle of an event');
};

const parseEvent = (line: string): WatchEvent => {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch (cause) {
    throw new KubernetesError('Unreachable', 'a watch sent what is no JSON', { cause });
  }
};
