import type { JobSpec, Mistake } from '@simfleet/contracts';
import type { Engine } from '@simfleet/domain';
import { didYouMean } from '@simfleet/runtime';

/** Mistakes of a spec that no schema sees: bounds that do not fit the kind of engine, and metrics that it does not have. */
export const specMistakes = (spec: JobSpec, engine: Engine): readonly Mistake[] => [
  ...(spec.cancelled ? [{ pointer: '/spec/cancelled', detail: 'must not be set on a new job' }] : []),
  ...(engine.kind === 'exact' ? exactMistakes(spec, engine) : samplingMistakes(spec)),
  ...metricMistakes(spec, engine),
];

const exactMistakes = ({ precision, maxPaths }: JobSpec, { name }: Engine): readonly Mistake[] => {
  const detail = `must be left out: engine "${name}" computes an exact answer`;
  return [
    ...(precision === undefined ? [] : [{ pointer: '/spec/precision', detail }]),
    ...(maxPaths === undefined ? [] : [{ pointer: '/spec/maxPaths', detail }]),
  ];
};

const samplingMistakes = ({ precision, maxPaths }: JobSpec): readonly Mistake[] =>
  precision === undefined && maxPaths === undefined
    ? [
        {
          pointer: '/spec/precision',
          detail: 'is missing: a job needs precision, maxPaths or both, or it would never end',
        },
      ]
    : [];

/** Metrics that the engine does not have, in precision and thresholds. */
export const metricMistakes = (
  { precision, thresholds }: Pick<JobSpec, 'precision' | 'thresholds'>,
  engine: Engine,
): readonly Mistake[] => {
  const known = engine.metrics.map(({ name }) => name);
  const named = [
    ...(precision === undefined ? [] : [{ pointer: '/spec/precision/metric', metric: precision.metric }]),
    ...thresholds.map(({ metric }, index) => ({ pointer: `/spec/thresholds/${index}/metric`, metric })),
  ];
  return named
    .filter(({ metric }) => !known.includes(metric))
    .map(({ pointer, metric }) => ({
      pointer,
      detail: `there is no metric "${metric}"${didYouMean(metric, known)}; the service has ${known.join(', ')}`,
    }));
};
