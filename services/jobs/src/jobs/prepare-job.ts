import { SimfleetError, containerEngine, errorCode } from '@simfleet/contracts';
import type { CreateJob, JobSpec, Mistake } from '@simfleet/contracts';
import { canonicalJson, rulesOf } from '@simfleet/domain';
import type { Engine, Rules } from '@simfleet/domain';
import type { Customers } from '../customers/customers.ts';
import { isEntitled } from '../customers/customers.ts';
import type { Catalogue } from '../services/catalogue.ts';
import { engineOfSpec } from '../services/check-service.ts';
import { compileSchema } from '../services/parameter-schema.ts';
import type { CheckParameters } from '../services/parameter-schema.ts';
import type { StoredService } from '../services/service-document.ts';
import { specMistakes } from './check-spec.ts';
import type { Pin } from './job-document.ts';

/** A job that may be created: checked, completed and bound to its service. */
export interface PreparedJob {
  readonly engine: Engine;
  readonly pin: Pin;
  /** Of the spec, completed with defaults. */
  readonly parameters: JobSpec['parameters'];
  readonly rules: Rules;
  /** Customer or service is being deleted by somebody. */
  readonly isLeaving: boolean;
}

/** What the request names. */
interface Named {
  readonly service: StoredService;
  readonly isLeaving: boolean;
}

export interface PrepareJobParts {
  readonly customers: Customers;
  readonly catalogue: Catalogue;
  readonly engines: readonly Engine[];
  /** Whether jobs of services that run an image may be created. */
  readonly containerServices: boolean;
  readonly schemas: SchemaCache;
}

/** The check of a schema, compiled when it is first asked for: compiling takes milliseconds, checking a microsecond. */
export type SchemaCache = (schema: Readonly<Record<string, unknown>> | boolean) => CheckParameters;

/** Throws `invalid-request` with a pointer per mistake, `forbidden` when the customer may not run the service, `engine-unavailable`. */
export type PrepareJob = (input: Pick<CreateJob, 'customer' | 'spec'>) => Promise<PreparedJob>;

export const openPrepareJob = (parts: PrepareJobParts): PrepareJob => {
  const { customers, catalogue, engines, containerServices, schemas } = parts;
  const find = async (input: Pick<CreateJob, 'customer' | 'spec'>): Promise<Named> => {
    const { name, version } = input.spec.serviceRef;
    const customer = await customers.get(input.customer).catch(asMistakeAt('/customer'));
    const pointer = version === undefined ? '/spec/serviceRef/name' : '/spec/serviceRef';
    const head = await catalogue.get(name).catch(asMistakeAt(pointer));
    const isNewest = version === undefined || version === head.doc.version;
    const service = isNewest ? head : await catalogue.get(name, version).catch(asMistakeAt(pointer));
    if (!isEntitled(customer, name)) {
      throw new SimfleetError('forbidden', `customer "${customer.id}" is not entitled to service "${name}"`, {
        mistakes: [{ pointer: '/spec/serviceRef/name', detail: 'is not among the services of this customer' }],
      });
    }
    return { service, isLeaving: customer.doc.leaving !== undefined || head.doc.leaving !== undefined };
  };

  const engineFor = ({ doc }: StoredService): Engine => {
    if (doc.spec.container !== undefined && !containerServices)
      throw new SimfleetError(
        'engine-unavailable',
        `service "${doc.name}" runs an image, which this platform does not: it has no cluster (--container-services)`,
      );
    const engine = engineOfSpec(doc.spec, engines);
    if (engine !== undefined && engine.kernelHash === doc.kernelHash && engine.version === doc.engineVersion)
      return engine;
    throw new SimfleetError(
      'engine-unavailable',
      `version ${doc.version} of service "${doc.name}" needs a build of engine "${doc.spec.engine ?? containerEngine}" that is not here`,
    );
  };

  return async (input) => {
    const { service, isLeaving } = await find(input);
    const engine = engineFor(service);
    const parameters = { ...service.doc.spec.defaults, ...input.spec.parameters };
    const mistakes = [
      ...specMistakes(input.spec, engine),
      ...distinct([...schemas(engine.parameters)(parameters), ...schemas(service.doc.spec.parameters)(parameters)]),
    ];
    if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'the job has mistakes', { mistakes });
    const rules = rulesOf({ ...input.spec, parameters }, engine);
    return { engine, pin: pinOf(service, engine, rules), parameters, rules, isLeaving };
  };
};

const pinOf = ({ doc }: StoredService, engine: Engine, rules: Rules): Pin => ({
  name: doc.name,
  version: doc.version,
  engine: engine.name,
  engineVersion: engine.version,
  kernelHash: engine.kernelHash,
  generator: engine.kind === 'sampling' && doc.spec.container === undefined ? engine.generator : null,
  blockSize: rules.plan.blockSize,
  ...(doc.spec.container === undefined ? {} : { metrics: engine.metrics }),
});

/** Turns «there is no such record» into a mistake of the request that names it. */
const asMistakeAt =
  (pointer: string) =>
  (error: unknown): never => {
    if (errorCode(error) !== 'not-found' || !(error instanceof Error) || !('detail' in error)) throw error;
    const detail = String(error.detail);
    throw new SimfleetError('invalid-request', detail, { mistakes: [{ pointer, detail }] });
  };

const distinct = (mistakes: readonly Mistake[]): readonly Mistake[] => [
  ...new Map(
    mistakes.map(({ pointer, detail }) => [`${pointer} ${detail}`, { pointer: `/spec/parameters${pointer}`, detail }]),
  ).values(),
];

export const openSchemaCache = (): SchemaCache => {
  const compiled = new Map<string, CheckParameters>();
  const most = 200;
  return (schema) => {
    const key = canonicalJson(schema);
    const there = compiled.get(key);
    if (there !== undefined) return there;
    const made = compileSchema(schema);
    const check: CheckParameters = 'check' in made ? made.check : () => made.mistakes;
    if (compiled.size >= most) compiled.delete(compiled.keys().next().value ?? key);
    compiled.set(key, check);
    return check;
  };
};
