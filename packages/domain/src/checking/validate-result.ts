import type { BlockResult, CountsResult, Mistake, Moments, MomentsResult } from '@simfleet/contracts';
import { subrangeSize } from '../folding/counts.ts';
import { blockCount, blockUnits } from '../planning/blocks.ts';
import type { Rules } from '../planning/rules.ts';

/**
 * Mistakes in the result that a shard reports for a block; pointers are relative to the result, '' is the result as a whole.
 * Shapes are checked by the schema before; this checks what only the plan knows, and that the moments can be those of real samples.
 */
export const validateResult = (rules: Rules, block: number, result: BlockResult): readonly Mistake[] => {
  const blocks = blockCount(rules);
  if (block < 0 || (blocks !== null && block >= blocks))
    return [{ pointer: '', detail: `is for block ${block}, but the job has ${blocks} blocks` }];
  const units = blockUnits(rules, block);
  if (rules.kind === 'sampling')
    return result.kind === 'moments' ? momentsMistakes(rules, units, result) : [wrongKind('moments')];
  return result.kind === 'counts' ? countsMistakes(units, result) : [wrongKind('counts')];
};

const wrongKind = (expected: BlockResult['kind']): Mistake => ({
  pointer: '/kind',
  detail: `must be "${expected}" for this engine`,
});

const momentsMistakes = (rules: Rules, units: number, { paths, metrics }: MomentsResult): readonly Mistake[] => [
  ...(paths === units ? [] : [{ pointer: '/paths', detail: `must be ${units}, the size of this block` }]),
  ...Object.keys(metrics)
    .filter((name) => !rules.metrics.includes(name))
    .map((name) => ({ pointer: `/metrics/${escaped(name)}`, detail: 'is no metric of this engine' })),
  ...rules.metrics.flatMap((name) => {
    const moments = metrics[name];
    return moments === undefined
      ? [{ pointer: `/metrics/${escaped(name)}`, detail: 'is missing' }]
      : metricMistakes(moments, paths, Object.hasOwn(rules.controlMeans, name)).map(({ pointer, detail }) => ({
          pointer: `/metrics/${escaped(name)}${pointer}`,
          detail,
        }));
  }),
];

/** RFC 6901 §3. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const metricMistakes = (moments: Moments, paths: number, controlled: boolean): readonly Mistake[] => {
  const { mean, m2, nonZero, control } = moments;
  if (controlled && control === undefined)
    return [{ pointer: '/control', detail: 'is missing: the engine has a control variate for this metric' }];
  if (!controlled && control !== undefined)
    return [{ pointer: '/control', detail: 'must be absent: the engine has no control variate for this metric' }];
  const unsound = [
    ...notFinite({ '/mean': mean, '/m2': m2 }),
    ...(control === undefined
      ? []
      : notFinite({ '/control/mean': control.mean, '/control/m2': control.m2, '/control/cross': control.cross })),
    ...negative({ '/m2': m2, '/control/m2': control?.m2 ?? 0 }),
  ];
  if (unsound.length > 0) return unsound;
  return [
    ...(Number.isSafeInteger(nonZero) && nonZero >= 0 && nonZero <= paths
      ? []
      : [{ pointer: '/nonZero', detail: `must be a whole number from 0 to ${paths}` }]),
    ...(nonZero === 0 && (mean !== 0 || m2 !== 0)
      ? [{ pointer: '/nonZero', detail: 'is 0, but mean and m2 are not' }]
      : []),
    ...(paths === 1 && m2 !== 0 ? [{ pointer: '/m2', detail: 'must be 0 for a single path' }] : []),
    ...(control === undefined || isCauchySchwarz(moments, control, paths)
      ? []
      : [{ pointer: '/control/cross', detail: 'is larger than √(m2 · control.m2) allows' }]),
  ];
};

const notFinite = (members: Readonly<Record<string, number>>): readonly Mistake[] =>
  Object.entries(members)
    .filter(([, value]) => !Number.isFinite(value))
    .map(([pointer]) => ({ pointer, detail: 'must be a finite number' }));

const negative = (members: Readonly<Record<string, number>>): readonly Mistake[] =>
  Object.entries(members)
    .filter(([, value]) => value < 0)
    .map(([pointer]) => ({ pointer, detail: 'must not be negative' }));

/**
 * |cross| ≤ √(m2·m2'), with slack for sums rounded in the kernel, which for constant samples leave noise of the size of the mean, and for
 * squares that underflow where the products of the same deviations do not.
 */
const isCauchySchwarz = (sample: Moments, control: NonNullable<Moments['control']>, paths: number): boolean => {
  const [a, g] = [Math.sqrt(sample.m2), Math.sqrt(control.m2)];
  const noise = 1e-9 * paths * Math.abs(sample.mean) * Math.abs(control.mean);
  const underflow = 1e-150 * paths * (a + g + 1);
  return Math.abs(control.cross) <= a * g * (1 + 1e-6) + noise + underflow;
};

const countsMistakes = (units: number, { counts }: CountsResult): readonly Mistake[] => {
  const expected = Math.ceil(units / subrangeSize);
  if (counts.length !== expected)
    return [{ pointer: '/counts', detail: `must hold ${expected} counts, one per 2^20 integers of this block` }];
  return counts.flatMap((count, index) => {
    const size = Math.min(subrangeSize, units - index * subrangeSize);
    return Number.isSafeInteger(count) && count >= 0 && count <= size
      ? []
      : [{ pointer: `/counts/${index}`, detail: `must be a whole number from 0 to ${size}` }];
  });
};
