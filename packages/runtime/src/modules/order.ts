import { SimfleetError } from '@simfleet/contracts';
import type { Module } from '../module.ts';
import { didYouMean } from '../did-you-mean.ts';

/**
 * Modules in the order in which they start: each after what it depends on, ties by name, so that every start is the same.
 * Throws `invalid-configuration` for a name used twice, an unknown dependency or a cycle, and names the modules.
 */
export const startOrder = (modules: readonly Module[]): readonly Module[] => {
  const byName = new Map<string, Module>();
  for (const module of modules) {
    if (byName.has(module.name)) throw broken(`two modules are called "${module.name}"`);
    byName.set(module.name, module);
  }
  for (const module of modules) {
    for (const dependency of module.dependsOn) {
      if (!byName.has(dependency)) throw broken(unknownDependency(module.name, dependency, [...byName.keys()]));
    }
  }
  return sorted(byName);
};

const sorted = (byName: ReadonlyMap<string, Module>): readonly Module[] => {
  const waiting = new Map([...byName].sort(([a], [b]) => (a < b ? -1 : 1)));
  const ordered: Module[] = [];
  while (waiting.size > 0) {
    const free = [...waiting.values()].find((module) => !module.dependsOn.some((name) => waiting.has(name)));
    if (free === undefined) throw broken(`modules depend on each other in a circle: ${cycleIn(waiting).join(' → ')}`);
    waiting.delete(free.name);
    ordered.push(free);
  }
  return ordered;
};

/** Follows dependencies that still wait until a name comes back. */
const cycleIn = (waiting: ReadonlyMap<string, Module>): readonly string[] => {
  const path: string[] = [];
  let name = waiting.keys().next().value;
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = waiting.get(name)?.dependsOn.find((dependency) => waiting.has(dependency));
  }
  return name === undefined ? path : [...path.slice(path.indexOf(name)), name];
};

const unknownDependency = (module: string, dependency: string, names: readonly string[]): string =>
  `module "${module}" depends on "${dependency}", which is not there${didYouMean(dependency, names)}`;

const broken = (detail: string): SimfleetError => new SimfleetError('invalid-configuration', detail);
