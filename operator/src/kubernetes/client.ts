import type { KubernetesApi } from './api.ts';
import { KubernetesError, isReason } from './errors.ts';
import { collectionPath, objectPath, queryText } from './http/paths.ts';
import type { Request, Requests } from './http/requests.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

export interface ClientOptions {
  readonly requests: Requests;
  /** Sees what the server answered to a write, so that caches know it at once. */
  readonly written: (type: ResourceType, object: KubernetesObject) => void;
  /** Held against every request in the moment in which it is sent; throws to refuse. */
  readonly fence?: Fence;
  /** How long an attempt may take, in milliseconds, where there is no fence. */
  readonly limitMs?: () => number;
}

export interface Fence {
  permit(): void;
  /** How long an attempt may take, in milliseconds. */
  limitMs(): number;
}

/** `KubernetesApi` over HTTP. */
export const createClient = ({ requests, written, fence, limitMs }: ClientOptions): KubernetesApi => {
  const limits: Pick<Request, 'permit' | 'limitMs'> = fence ?? (limitMs === undefined ? {} : { limitMs });

  const write = async <Object extends KubernetesObject>(
    type: ResourceType<Object>,
    request: Omit<Request, 'resource'>,
    dryRun = false,
  ): Promise<Object> => {
    fence?.permit();
    const answer = (await requests.json({ ...request, resource: type.plural, ...limits })) as Object;
    if (!dryRun) written(type, answer);
    return answer;
  };

  return {
    async get(type, reference) {
      try {
        const path = objectPath(type, reference);
        const request = { method: 'GET', verb: 'get', resource: type.plural, path, repeatable: true } as const;
        const limit = limitMs === undefined ? {} : { limitMs };
        return (await requests.json({ ...request, ...limit })) as NonNullable<(typeof type)['shape']>;
      } catch (error) {
        if (isReason(error, 'NotFound')) return null;
        throw error;
      }
    },
    create: (type, object, { fieldManager, dryRun = false }) =>
      write(
        type,
        {
          method: 'POST',
          verb: 'create',
          path: `${collectionPath(type, object.metadata.namespace)}${queryText({ fieldManager, dryRun: dryRun ? 'All' : undefined })}`,
          body: object,
          repeatable: false,
        },
        dryRun,
      ),
    apply: (type, object, { fieldManager, force, subresource }) =>
      write(type, {
        method: 'PATCH',
        verb: subresource === undefined ? 'apply' : `apply-${subresource}`,
        path: `${objectPath(type, object.metadata, subresource)}${queryText({ fieldManager, force })}`,
        // JSON is YAML.
        contentType: 'application/apply-patch+yaml',
        body: object,
        repeatable: true,
      }),
    mergePatch: (type, reference, patch, { fieldManager, subresource, uid, resourceVersion }) =>
      write(type, {
        method: 'PATCH',
        verb: subresource === undefined ? 'patch' : `patch-${subresource}`,
        path: `${objectPath(type, reference, subresource)}${queryText({ fieldManager })}`,
        contentType: 'application/merge-patch+json',
        body: withPreconditions(patch, { uid, resourceVersion }),
        repeatable: true,
      }),
    async delete(type, reference, { propagation, uid, resourceVersion } = {}) {
      fence?.permit();
      try {
        const answer = await requests.json({
          method: 'DELETE',
          verb: 'delete',
          resource: type.plural,
          path: objectPath(type, reference),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
            preconditions: defined({ uid, resourceVersion }),
          },
          repeatable: true,
          ...limits,
        });
        // While finalizers hold it, the answer is the object as it is now; otherwise a Status.
        if (isObject(answer, type)) written(type, answer);
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
      }
    },
  };
};

const isObject = (answer: unknown, type: ResourceType): answer is KubernetesObject =>
  typeof answer === 'object' && answer !== null && (answer as Partial<KubernetesObject>).kind === type.kind;

const defined = (members: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** The server compares `metadata.uid` and `metadata.resourceVersion` of a patch and answers Conflict where they differ. */
const withPreconditions = (
  patch: Readonly<Record<string, unknown>>,
  preconditions: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, unknown>> => {
  const given = defined(preconditions);
  if (Object.keys(given).length === 0) return patch;
  return { ...patch, metadata: { ...(patch['metadata'] as object | undefined), ...given } };
};

/** What a fence throws. */
export const notLeading = (): KubernetesError =>
  new KubernetesError('NotLeading', 'this process does not lead: nothing was sent');
