import { randomUUID } from 'node:crypto';

/**
 * What tells a record from an earlier one of the same name: 40 random bits. Versions begin at 1 with each, so a version alone would let a change that was
 * meant for the earlier one pass.
 */
export const drawIncarnation = (): string => randomUUID().replaceAll('-', '').slice(0, 10);

/** Sees what is stored before it is changed and may refuse: `If-Match`. */
export type CheckVersion = (version: number, incarnation?: string) => void;
