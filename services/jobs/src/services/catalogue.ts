import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { CreateService, ServiceSpec } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import { didYouMean } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { Claims } from '../claims.ts';
import type { NameUses } from '../jobs/name-uses.ts';
import { againWhenChanged } from '../removal/again-when-changed.ts';
import { drawIncarnation } from '../removal/incarnation.ts';
import type { CheckVersion } from '../removal/incarnation.ts';
import { openRemoval, unmarked } from '../removal/remove-unused.ts';
import type { Removal } from '../removal/remove-unused.ts';
import { checkService } from './check-service.ts';
import { platformCustomer } from './service-document.ts';
import type { ServiceCollection, ServiceDocument, StoredService } from './service-document.ts';
import { isSameRun, openServiceVersions } from './service-versions.ts';

export interface CatalogueParts {
  readonly services: ServiceCollection;
  readonly versions: ServiceCollection;
  readonly engines: readonly Engine[];
  readonly claims: Claims;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
  readonly usesOf: NameUses;
}

/** The catalogue of what can be run. */
export interface Catalogue {
  /** The newest version, or the one asked for. Throws `not-found`. */
  get(name: string, version?: number): Promise<StoredService>;
  /** The newest version, with the documents of all versions in `service_versions`, whatever crashed. Throws `not-found`. */
  getWhole(name: string): Promise<StoredService>;
  /** Throws `invalid-request`, `already-exists`. */
  create(input: CreateService, builtIn?: boolean): Promise<StoredService>;
  /** A spec that differs makes a new version. Throws `not-found`, `invalid-request`, `immutable` for built-in services, and what `check` throws. */
  change(name: string, to: ChangeService, check?: CheckVersion): Promise<StoredService>;
  /** Throws `not-found`, `in-use`, `immutable` for built-in services, and what `check` throws. Answers what was deleted. */
  delete(name: string, check?: CheckVersion): Promise<StoredService>;
  /** Puts the engines of this platform into the catalogue, whoever else starts; a new build of an engine makes a new version. */
  seed(): Promise<void>;
  readonly removal: Removal<ServiceDocument>;
}

type Wanted = Pick<ServiceDocument, 'labels' | 'spec'>;
export type ChangeService = (before: ServiceDocument) => Wanted;

export const openCatalogue = (parts: CatalogueParts): Catalogue => {
  const { services, engines, claims, clock, usesOf } = parts;
  const versions = openServiceVersions(parts.versions);
  const removal = openRemoval({ collection: services, claims, clock });

  const newest = async (name: string): Promise<StoredService> => {
    const stored = await services.get(name);
    if (stored === null) throw await unknownService(name, services);
    return stored;
  };

  const get = async (name: string, version?: number): Promise<StoredService> => {
    const head = await newest(name);
    if (version === undefined || version === head.doc.version) return head;
    const older = version < head.doc.version ? await versions.get(head.doc, version) : null;
    if (older !== null) return older;
    throw new SimfleetError(
      'not-found',
      `service "${name}" has no version ${version}; the newest is ${head.doc.version}`,
    );
  };

  const getWhole = async (name: string): Promise<StoredService> => {
    const head = await newest(name);
    await versions.keep(head.doc);
    return head;
  };

  const document = (
    { name, version, builtIn, incarnation }: Pick<ServiceDocument, 'name' | 'version' | 'builtIn' | 'incarnation'>,
    wanted: Wanted,
  ): ServiceDocument => {
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
      ...(incarnation === undefined ? {} : { incarnation }),
    };
  };

  const create = async ({ name, labels, spec }: CreateService, builtIn = false): Promise<StoredService> => {
    const doc = document({ name, version: 1, builtIn, incarnation: drawIncarnation() }, { labels, spec });
    const stored = await services.insert(name, doc).catch((error: unknown) => {
      throw errorCode(error) === 'already-exists' ? taken(name) : error;
    });
    await versions.keep(doc);
    return stored;
  };

  /** The save of the newest version decides between those who change it at once; what it replaces is kept first. */
  const replace = async (before: StoredService, wanted: Wanted): Promise<StoredService> => {
    const { name, version } = before.doc;
    const next = document({ ...before.doc, version: version + 1 }, wanted);
    if (isSameRun(before.doc, next)) {
      const unchanged = canonicalJson(before.doc.labels) === canonicalJson(wanted.labels);
      if (unchanged) return before;
      return services.save(name, before.version, { ...unmarked(before.doc), labels: wanted.labels });
    }
    await versions.keep(before.doc);
    const stored = await services.save(name, before.version, next);
    await versions.keep(next);
    return stored;
  };

  const change: Catalogue['change'] = (name, to, check) =>
    againWhenChanged(async () => {
      const before = await newest(name);
      check?.(before.version, before.doc.incarnation);
      const wanted = to(before.doc);
      if (before.doc.builtIn) throw builtInStays(name);
      return replace(before, wanted);
    });

  const remove: Catalogue['delete'] = (name, check) =>
    againWhenChanged(async () => {
      const before = await newest(name);
      check?.(before.version, before.doc.incarnation);
      if (before.doc.builtIn) throw builtInStays(name);
      await removal.remove(before, `service "${name}"`, () => usesOf({ field: 'service', value: name }));
      await versions.drop(before.doc);
      return before;
    });

  /** Another platform may be at the same: then it is looked at again. */
  const seedOne = async (engine: Engine): Promise<void> => {
    const spec: ServiceSpec = {
      description: engine.description,
      engine: engine.name,
      parameters: engine.parameters as Exclude<ServiceSpec['parameters'], boolean>,
      defaults: {},
    };
    await againWhenChanged(async () => {
      let before = await services.get(engine.name);
      if (before === null) {
        try {
          return void (await create({ name: engine.name, labels: {}, spec }, true));
        } catch (error) {
          if (errorCode(error) !== 'already-exists') throw error;
        }
        before = await services.get(engine.name);
      }
      if (before?.doc.builtIn === true) await replace(before, { labels: before.doc.labels, spec });
    });
  };

  return {
    get,
    getWhole,
    create,
    change,
    delete: remove,
    seed: async () => {
      for (const engine of engines) await seedOne(engine);
    },
    removal,
  };
};

const taken = (name: string): SimfleetError =>
  new SimfleetError('already-exists', `there is a service "${name}" already`);

const builtInStays = (name: string): SimfleetError =>
  new SimfleetError('immutable', `service "${name}" is built in: make one of your own with its engine`);

const unknownService = async (name: string, services: ServiceCollection): Promise<SimfleetError> => {
  const page = await services.query({ sort: { field: 'name', direction: 'ascending' }, limit: 1000 });
  const names = page.rows.map(({ doc }) => doc.name);
  return new SimfleetError('not-found', `there is no service "${name}"${didYouMean(name, names)}`);
};
