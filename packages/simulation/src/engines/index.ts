import type { Engine } from '@simfleet/domain';
import { asianOption } from './asian-option/engine.ts';
import { europeanOption } from './european-option/engine.ts';
import { primeSieve } from './prime-sieve/engine.ts';

/** The engines that every platform and every shard has; reads nothing until one is opened. */
export const builtInEngines = (): readonly Engine[] => [asianOption(), europeanOption(), primeSieve()];

/** The engine of that name, or undefined. */
export const findEngine = (name: string): Engine | undefined => builtInEngines().find((engine) => engine.name === name);
