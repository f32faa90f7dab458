import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { CreateService, ServiceSpec } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import { didYouMean } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { KeyedLock } from '../keyed-lock.ts';
import { checkService } from './check-service.ts';
import { platformCustomer, versionId } from './service-document.ts';
import type { ServiceCollection, ServiceDocument, StoredService } from './service-document.ts';

export interface CatalogueParts {
  readonly services: ServiceCollection;
  readonly versions: ServiceCollection;
  readonly engines: readonly Engine[];
  readonly lock: KeyedLock;
  readonly clock: Pick<Clock, 'now'>;
  /** Number of jobs that use the service. */
  readonly jobsOf: (service: string) => Promise<number>;
}

/** The catalogue of what can be run. */
export interface Catalogue {
  /** The newest version, or the one asked for. Throws `not-found`. */
  get(name: string, version?: number): Promise<StoredService>;
  /** Throws `invalid-request`, `already-exists`. */
  create(input: CreateService, builtIn?: boolean): Promise<StoredService>;
  /** A spec that differs makes a new version. Throws `not-found`, `invalid-request`, `immutable` for built-in services, and what `check` throws. */
  change(name: string, to: ChangeService, check?: (version: number) => void): Promise<StoredService>;
  /** Throws `not-found`, `in-use`, `immutable` for built-in services, and what `check` throws. Answers what was deleted. */
  delete(name: string, check?: (version: number) => void): Promise<StoredService>;
  /** Puts the engines of this platform into the catalogue; a new build of an engine makes a new version. */
  seed(): Promise<void>;
}

type Wanted = Pick<ServiceDocument, 'labels' | 'spec'>;
export type ChangeService = (before: ServiceDocument) => Wanted;

export const serviceLock = (name: string): string => `service/${name}`;

export const openCatalogue = ({ services, versions, engines, lock, clock, jobsOf }: CatalogueParts): Catalogue => {
  const newest = async (name: string): Promise<StoredService> => {
    const stored = await services.get(name);
    if (stored === null) throw await unknownService(name, services);
    return stored;
  };

  const get = async (name: string, version?: number): Promise<StoredService> => {
    const head = await newest(name);
    if (version === undefined || version === head.doc.version) return head;
    const older = await versions.get(versionId(name, version));
    if (older !== null && version < head.doc.version) return older;
    throw new SimfleetError(
      'not-found',
      `service "${name}" has no version ${version}; the newest is ${head.doc.version}`,
    );
  };

  /** Version documents are written before the head that makes them count; one that a crash left over is overwritten. */
  const writeVersion = async (doc: ServiceDocument): Promise<void> => {
    const id = versionId(doc.name, doc.version);
    const before = await versions.get(id);
    await (before === null ? versions.insert(id, doc) : versions.save(id, before.version, doc));
  };

  const document = (name: string, version: number, wanted: Wanted, builtIn: boolean): ServiceDocument => {
    const engine = checkService(wanted.spec, engines);
    return {
      customer: platformCustomer,
      name,
      version,
      builtIn,
      ...wanted,
      engineVersion: engine.version,
      kernelHash: engine.kernelHash,
      exact: engine.kind === 'exact',
      metrics: engine.metrics.map(({ name: metric, description }) => ({ name: metric, description })),
      createdAt: new Date(clock.now()).toISOString(),
    };
  };

  const create = ({ name, labels, spec }: CreateService, builtIn = false): Promise<StoredService> =>
    lock.exclusive(serviceLock(name), async () => {
      const doc = document(name, 1, { labels, spec }, builtIn);
      if ((await services.get(name)) !== null) throw taken(name);
      await writeVersion(doc);
      return services.insert(name, doc).catch((error: unknown) => {
        throw errorCode(error) === 'already-exists' ? taken(name) : error;
      });
    });

  const replace = async (before: StoredService, wanted: Wanted): Promise<StoredService> => {
    const { name, version, builtIn } = before.doc;
    const next = document(name, version + 1, wanted, builtIn);
    if (isSameRun(before.doc, next)) {
      const unchanged = canonicalJson(before.doc.labels) === canonicalJson(wanted.labels);
      return unchanged ? before : services.save(name, before.version, { ...before.doc, labels: wanted.labels });
    }
    await writeVersion(next);
    return services.save(name, before.version, next);
  };

  const change: Catalogue['change'] = (name, to, check) =>
    lock.exclusive(serviceLock(name), async () => {
      const before = await newest(name);
      check?.(before.version);
      const wanted = to(before.doc);
      if (before.doc.builtIn) throw builtInStays(name);
      return replace(before, wanted);
    });

  const remove: Catalogue['delete'] = (name, check) =>
    lock.exclusive(serviceLock(name), async () => {
      const before = await newest(name);
      check?.(before.version);
      if (before.doc.builtIn) throw builtInStays(name);
      const jobs = await jobsOf(name);
      if (jobs > 0)
        throw new SimfleetError('in-use', `${jobs} ${jobs === 1 ? 'job uses' : 'jobs use'} service "${name}"`);
      await services.delete(name, before.version);
      for (let version = 1; version <= before.doc.version; version++) {
        const stored = await versions.get(versionId(name, version));
        if (stored !== null) await versions.delete(stored.id, stored.version);
      }
      return before;
    });

  const seedOne = async (engine: Engine): Promise<void> => {
    const spec: ServiceSpec = {
      description: engine.description,
      engine: engine.name,
      parameters: engine.parameters as Exclude<ServiceSpec['parameters'], boolean>,
      defaults: {},
    };
    const before = await services.get(engine.name);
    if (before === null) await create({ name: engine.name, labels: {}, spec }, true);
    else if (before.doc.builtIn) await replace(before, { labels: before.doc.labels, spec });
  };

  return {
    get,
    create,
    change,
    delete: remove,
    seed: async () => {
      for (const engine of engines) await seedOne(engine);
    },
  };
};

/** Whether jobs of both documents would run alike. */
const isSameRun = (before: ServiceDocument, after: ServiceDocument): boolean =>
  before.kernelHash === after.kernelHash &&
  before.engineVersion === after.engineVersion &&
  canonicalJson(before.spec) === canonicalJson(after.spec);

const taken = (name: string): SimfleetError =>
  new SimfleetError('already-exists', `there is a service "${name}" already`);

const builtInStays = (name: string): SimfleetError =>
  new SimfleetError('immutable', `service "${name}" is built in: make one of your own with its engine`);

const unknownService = async (name: string, services: ServiceCollection): Promise<SimfleetError> => {
  const page = await services.query({ sort: { field: 'name', direction: 'ascending' }, limit: 1000 });
  const names = page.rows.map(({ doc }) => doc.name);
  return new SimfleetError('not-found', `there is no service "${name}"${didYouMean(name, names)}`);
};
