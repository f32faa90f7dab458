import { SimfleetError } from '@simfleet/contracts';
import type { JobSpec, Mistake } from '@simfleet/contracts';
import type { Engine, Plan } from '../engine.ts';

export interface PrecisionRule {
  readonly metric: string;
  /** Half-width ÷ |value|, or null. At least one of the two errors is set. */
  readonly relativeError: number | null;
  /** Half-width in units of the metric, or null. */
  readonly absoluteError: number | null;
  readonly confidence: number;
}

export interface ThresholdRule {
  readonly name: string;
  readonly metric: string;
  /** Exactly one of `below` and `above` is set. */
  readonly below: number | null;
  readonly above: number | null;
  readonly confidence: number;
}

/** All that folding and judging a job needs; immutable for one generation of bounds. */
export interface Rules {
  readonly kind: 'sampling' | 'exact';
  readonly plan: Plan;
  /** Bound on paths in units of `plan.blockSize`; null = unbounded. Always null for exact engines. */
  readonly maxPaths: number | null;
  readonly precision: PrecisionRule | null;
  readonly thresholds: readonly ThresholdRule[];
  /** Exact expectation of each metric's control variate; a metric without an entry has none. */
  readonly controlMeans: Readonly<Record<string, number>>;
  readonly metrics: readonly string[];
  /** Exact engines: running total at which the fold ends; null = all blocks. */
  readonly target: number | null;
}

/**
 * Rules of a job. `blockSize` overrides the engine's choice, so that tests run on small blocks; for exact engines it must be a multiple of
 * 2^20. Throws `invalid-request` when the spec names a metric that the engine does not have.
 */
export const rulesOf = (spec: JobSpec, engine: Engine, options: { readonly blockSize?: number } = {}): Rules => {
  const metrics = engine.metrics.map((metric) => metric.name);
  refuseUnknownMetrics(spec, metrics);
  return {
    kind: engine.kind,
    plan: cut(engine.plan(spec.parameters), options.blockSize),
    maxPaths: spec.maxPaths === undefined ? null : Number(spec.maxPaths),
    precision: precisionRule(spec),
    thresholds: spec.thresholds.map(({ name, metric, below, above, confidence }) => ({
      name,
      metric,
      below: numberOrNull(below),
      above: numberOrNull(above),
      confidence: Number(confidence),
    })),
    controlMeans: engine.kind === 'sampling' ? engine.controlMeans(spec.parameters) : {},
    metrics,
    target: engine.kind === 'exact' ? engine.target(spec.parameters) : null,
  };
};

const precisionRule = ({ precision }: JobSpec): PrecisionRule | null =>
  precision === undefined
    ? null
    : {
        metric: precision.metric,
        relativeError: numberOrNull(precision.relativeError),
        absoluteError: numberOrNull(precision.absoluteError),
        confidence: Number(precision.confidence),
      };

const cut = (plan: Plan, blockSize: number | undefined): Plan => {
  if (blockSize === undefined) return plan;
  return { ...plan, blockSize, blocks: plan.units === null ? plan.blocks : Math.ceil(plan.units / blockSize) };
};

const numberOrNull = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

const refuseUnknownMetrics = (spec: JobSpec, metrics: readonly string[]): void => {
  const named = [
    { pointer: '/spec/precision/metric', metric: spec.precision?.metric },
    ...spec.thresholds.map(({ metric }, index) => ({ pointer: `/spec/thresholds/${index}/metric`, metric })),
  ];
  const mistakes: Mistake[] = named.flatMap(({ pointer, metric }) =>
    metric === undefined || metrics.includes(metric)
      ? []
      : [{ pointer, detail: `the service has no metric "${metric}", only ${metrics.join(', ')}` }],
  );
  if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'The job names unknown metrics.', { mistakes });
};
