import { SimfleetError, conditionMessage, errorCode, resourceMarks, serviceSpec } from '@simfleet/contracts';
import type { Service, ServiceConditionType, SimulationServiceStatus } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import { mistakesOf } from '@simfleet/http';
import type { Clock } from '@simfleet/runtime';
import { labelsFor } from '../intake/resource-labels.ts';
import { addFinalizer, hasFinalizer, referenceOf, removeFinalizer } from '../kubernetes/index.ts';
import type { Cache, KubernetesApi, Reconcile, ReconcileResult } from '../kubernetes/index.ts';
import type { Platform, ServiceOrder } from '../platform/client.ts';
import { applyManager } from '../resources/names.ts';
import { simulationServices } from '../resources/simulation-service.ts';
import type { SimulationService } from '../resources/simulation-service.ts';
import { refusal } from '../status/acceptance.ts';

export interface ServiceSurroundings {
  readonly api: KubernetesApi;
  readonly resources: Cache<SimulationService>;
  readonly platform: Platform;
  readonly clock: Pick<Clock, 'now'>;
}

interface Saying {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}
type Sayings = Readonly<Record<ServiceConditionType, Saying>>;

/** Label of a catalogue entry: uid of the resource that it came from. */
export const resourceLabel = 'simfleet.dev/resource';

const { serviceFinalizer } = resourceMarks;
const hold = { finalizer: serviceFinalizer, fieldManager: applyManager };
const notInUse: Saying = { status: 'False', reason: 'NotInUse', message: '' };
/** While the platform does not answer, or jobs use a service that is being deleted. */
const againMs = 10_000;

/** One round for one SimulationService: the catalogue has it as the resource says, or not at all. */
export const reconcileService =
  (around: ServiceSurroundings): Reconcile =>
  async (key) => {
    const resource = around.resources.get(referenceOf(key));
    if (resource === null) return {};
    if (resource.metadata.deletionTimestamp !== undefined) return withdrawn(resource, around);
    const held = await addFinalizer(around.api, simulationServices, resource, hold);
    try {
      const service = await published(held, around);
      const accepted = { status: 'True', reason: 'Accepted', message: 'the catalogue has the service' } as const;
      await tell(held, service, { Accepted: accepted, InUse: notInUse }, around);
      return {};
    } catch (error) {
      const why = refusal(error);
      if (why === null) throw error;
      const reason = why.reason === 'NameTaken' || why.reason === 'PlatformUnavailable' ? why.reason : 'InvalidSpec';
      await tell(held, null, { Accepted: { ...why, reason }, InUse: notInUse }, around);
      return why.status === 'Unknown' ? { requeueAfterMs: againMs } : {};
    }
  };

/** The catalogue entry of the resource, made or changed where it differs. Throws `already-exists` for one that came from elsewhere. */
const published = async (resource: SimulationService, { platform }: ServiceSurroundings): Promise<Service> => {
  const { name } = resource.metadata;
  const order = orderOf(resource);
  const there = await platform.getService(name);
  if (there === null) return platform.createService(name, order);
  if (!isOf(there, resource))
    throw new SimfleetError('already-exists', `the catalogue has a service ${name} that is not of this resource`);
  const isSame = canonicalJson([there.labels, there.spec]) === canonicalJson([order.labels, order.spec]);
  return isSame ? there : platform.replaceService(name, order);
};

const orderOf = (resource: SimulationService): ServiceOrder => {
  const parsed = serviceSpec.safeParse(resource.spec);
  if (!parsed.success) {
    const mistakes = mistakesOf('body', serviceSpec, parsed.error.issues);
    throw new SimfleetError('invalid-request', 'the spec has mistakes', { mistakes });
  }
  return { labels: { ...labelsFor(resource), [resourceLabel]: resource.metadata.uid ?? '' }, spec: parsed.data };
};

const isOf = ({ labels }: Service, { metadata }: SimulationService): boolean => labels[resourceLabel] === metadata.uid;

/** The resource is being deleted: it goes when no job uses the service any more. */
const withdrawn = async (resource: SimulationService, around: ServiceSurroundings): Promise<ReconcileResult> => {
  const { api, platform } = around;
  const { name } = resource.metadata;
  if (!hasFinalizer(resource, serviceFinalizer)) return {};
  try {
    const there = await platform.getService(name);
    if (there !== null && isOf(there, resource)) await platform.deleteService(name);
  } catch (error) {
    if (errorCode(error) !== 'in-use') throw error;
    const { detail } = error as SimfleetError;
    const inUse = { status: 'True', reason: 'InUse', message: conditionMessage(detail) } as const;
    await tell(resource, null, { InUse: inUse }, around);
    return { requeueAfterMs: againMs };
  }
  await removeFinalizer(api, simulationServices, resource, hold);
  return {};
};

/** Writes the status where it differs; conditions that nothing is said of stay. */
const tell = async (
  { metadata, status: before = {} }: SimulationService,
  service: Service | null,
  sayings: Partial<Sayings>,
  { api, clock }: ServiceSurroundings,
): Promise<void> => {
  const observedGeneration = metadata.generation ?? 0;
  const time = new Date(clock.now()).toISOString();
  const conditions = (['Accepted', 'InUse'] as const).flatMap((type) => {
    const old = before.conditions?.find((condition) => condition.type === type);
    const saying = sayings[type];
    if (saying === undefined) return old === undefined ? [] : [old];
    const lastTransitionTime = old?.status === saying.status ? old.lastTransitionTime : time;
    return [{ type, ...saying, observedGeneration, lastTransitionTime }];
  });
  const after: SimulationServiceStatus = {
    ...before,
    observedGeneration,
    conditions,
    ...(service === null
      ? {}
      : { version: service.version, engineVersion: service.engineVersion, kernelHash: service.kernelHash }),
  };
  if (canonicalJson(before) === canonicalJson(after)) return;
  await api.mergePatch(
    simulationServices,
    { name: metadata.name },
    { status: after },
    { fieldManager: applyManager, subresource: 'status', ...(metadata.uid === undefined ? {} : { uid: metadata.uid }) },
  );
};
