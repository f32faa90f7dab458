import { imageDigest, SimfleetError } from '@simfleet/contracts';
import type { Mistake, ServiceSpec } from '@simfleet/contracts';
import type { Engine } from '@simfleet/domain';
import { didYouMean } from '@simfleet/runtime';
import { imageEngine } from './image-engine.ts';
import { compileSchema } from './parameter-schema.ts';

/** The engine of a sound spec, made up for an image. Throws `invalid-request` with a pointer per mistake. */
export const checkService = (spec: ServiceSpec, engines: readonly Engine[]): Engine => {
  const engine = engineOfSpec(spec, engines);
  const schema = compileSchema(spec.parameters);
  const mistakes: Mistake[] = [
    ...(engine === undefined ? [unknownEngine(spec.engine ?? '', engines)] : []),
    ...('mistakes' in schema ? schema.mistakes.map((each) => below('/spec/parameters', each)) : []),
    ...(engine === undefined || spec.container !== undefined ? [] : defaultMistakes(spec, engine)),
  ];
  if (mistakes.length > 0 || engine === undefined) {
    throw new SimfleetError('invalid-request', 'the service has mistakes', { mistakes });
  }
  return engine;
};

/** The build that the service runs on; undefined when this platform does not have it. */
export const engineOfSpec = (spec: ServiceSpec, engines: readonly Engine[]): Engine | undefined => {
  const { container, description } = spec;
  if (container === undefined) return engines.find(({ name }) => name === spec.engine);
  const { blockSize, metrics } = container;
  return imageEngine({ kernelHash: imageDigest(container), blockSize, metrics, description });
};

const below = (base: string, { pointer, detail }: Mistake): Mistake => ({ pointer: `${base}${pointer}`, detail });

const unknownEngine = (name: string, engines: readonly Engine[]): Mistake => {
  const names = engines.map((engine) => engine.name);
  return { pointer: '/spec/engine', detail: `there is no engine "${name}"${didYouMean(name, names)}` };
};

/** Defaults are checked one by one, since alone they need not make a whole set of parameters. */
const defaultMistakes = (spec: ServiceSpec, engine: Engine): readonly Mistake[] => {
  const { properties } = engine.parameters;
  const known = (properties ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return Object.entries(spec.defaults).flatMap(([name, value]) => {
    const pointer = `/spec/defaults/${name}`;
    const schema = Object.hasOwn(known, name) ? known[name] : undefined;
    if (schema === undefined) {
      return [{ pointer, detail: `is no parameter of engine "${engine.name}"${didYouMean(name, Object.keys(known))}` }];
    }
    const compiled = compileSchema({ properties: { [name]: schema } });
    if ('mistakes' in compiled) return [];
    return compiled.check({ [name]: value }).map((each) => below('/spec/defaults', each));
  });
};
