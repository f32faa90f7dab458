import type { BlockResult, Reference } from '@simfleet/contracts';

/** Values of a job's parameters, already checked against the engine's schema and completed with defaults. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * How a job is cut into blocks: a pure function of engine version and parameters, the same for any number of shards.
 * Block i covers units [i·blockSize, (i+1)·blockSize); the last block of a bounded job may be short.
 */
export interface Plan {
  /** Paths (sampling) or integers (exact) of a full block: about 50 ms of work, a positive safe integer. */
  readonly blockSize: number;
  /** Exact engines: how many blocks can be needed at most. Null for sampling engines, whose bound is `maxPaths`. */
  readonly blocks: number | null;
  /** Exact engines: integers of all blocks together, so that the last block is short when it is no multiple. Null for sampling engines. */
  readonly units: number | null;
}

/** One block of work. `units` < blockSize only for the short last block. */
export interface BlockRequest {
  readonly parameters: Parameters;
  /** Key of Philox4x32-10, 0 … 2^64 − 1. */
  readonly seed: bigint;
  readonly blockSize: number;
  readonly block: number;
  readonly units: number;
}

/** A compiled kernel. Not safe for two blocks at once; `runBlock` is synchronous and pure in its request. */
export interface Kernel {
  runBlock(request: BlockRequest): BlockResult;
}

export interface MetricDescription {
  readonly name: string;
  readonly description: string;
}

interface EngineDescription {
  readonly name: string;
  /** Changes whenever any block result, plan or fold could change. */
  readonly version: string;
  /** SHA-256 (hex) of the kernel's WebAssembly binary. */
  readonly kernelHash: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) of the parameters, `additionalProperties: false`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly metrics: readonly MetricDescription[];
  plan(parameters: Parameters): Plan;
  /** Compiles the kernel: about a millisecond, once per process. */
  open(): Kernel;
  /** Closed forms known for these parameters, for people to compare with; never part of the digest. */
  references(parameters: Parameters): readonly Reference[];
}

/** Draws paths at random; estimates get sharper with their number. */
export interface SamplingEngine extends EngineDescription {
  readonly kind: 'sampling';
  /** Name of the random generator, for provenance. */
  readonly generator: string;
  /** Exact expectation of each metric's control variate, in the unit of the metric; absent = no control for it. */
  controlMeans(parameters: Parameters): Readonly<Record<string, number>>;
}

/** Computes an exact answer from finitely many blocks of counts. */
export interface ExactEngine extends EngineDescription {
  readonly kind: 'exact';
  /** Running total at which the fold ends before the last block; null = fold all blocks. */
  target(parameters: Parameters): number | null;
  /** Name and value of the metric once the fold has ended; may do up to one sub-range (2^20 integers) of work. */
  resolve(parameters: Parameters, folded: FoldedCounts): { readonly metric: string; readonly value: number };
}

export type Engine = SamplingEngine | ExactEngine;

/** State of an exact engine's fold, after `blocks` blocks in order. */
export interface FoldedCounts {
  readonly blocks: number;
  readonly total: number;
  /** First sub-range (of 2^20 integers, counted from 0) in which the running total reaches the target, and the total before it. */
  readonly found: { readonly subrange: number; readonly before: number } | null;
}
