import type { Estimate, JobResult, Reference } from '@simfleet/contracts';
import type { Printable } from './format.ts';
import { count, percent, withUncertainty } from './numbers.ts';
import { facts, table } from './table.ts';

const half = ({ ciLow, ciHigh }: Estimate): number | null =>
  ciLow === null || ciHigh === null ? null : (ciHigh - ciLow) / 2;

/** How far the estimate is from the closed form, in standard errors: within ±3 almost always. */
const difference = (estimate: Estimate, reference: Reference): string => {
  if (reference.comparable === false) return 'not the same quantity';
  const away = estimate.value - reference.value;
  if (estimate.standardError === null || estimate.standardError === 0) return away === 0 ? 'none' : String(away);
  const errors = away / estimate.standardError;
  return `${errors < 0 ? '−' : '+'}${Math.abs(errors).toFixed(2)} s.e.`;
};

/** As many digits as the estimate beside it, and one more. */
const referenceText = (estimate: Estimate, reference: Reference): string => {
  const shown = withUncertainty(estimate.value, half(estimate)).value;
  const decimals = shown.includes('.') ? shown.length - shown.indexOf('.') - 1 : 0;
  return Number.isInteger(reference.value) && decimals === 0
    ? count(reference.value)
    : reference.value.toFixed(Math.min(15, decimals + 1));
};

const estimateRows = ({ estimates, references }: JobResult): readonly (readonly string[])[] =>
  estimates.map((estimate) => {
    const shown = withUncertainty(estimate.value, half(estimate));
    const interval = half(estimate) === 0 ? 'exact' : `± ${shown.halfWidth} (${percent(estimate.confidence)})`;
    const reference = references.find((each) => each.metric === estimate.name);
    const beside =
      reference === undefined
        ? []
        : [referenceText(estimate, reference), reference.method, difference(estimate, reference)];
    return [estimate.name, shown.value, interval, ...beside];
  });

/** Estimates beside the closed forms that the engine knows. */
export const estimatesTable = (result: JobResult): string => {
  if (result.estimates.length === 0) return '';
  const rows = estimateRows(result);
  const beside = rows.some((row) => row.length > 3) ? ['REFERENCE', 'METHOD', 'DIFFERENCE'] : [];
  return table(['METRIC', 'ESTIMATE', 'INTERVAL', ...beside], rows, { right: [1, 3] });
};

const work = ({ provenance }: JobResult): string => {
  const unit = provenance.generator === null ? 'integers' : 'paths';
  return `${count(provenance.paths)} ${unit} in ${count(provenance.blocks)} ${provenance.blocks === 1 ? 'block' : 'blocks'} of ${count(provenance.blockSize)}`;
};

const origin = ({ provenance }: JobResult): string =>
  `${provenance.service.name} version ${provenance.service.version}, engine ${provenance.engine} ${provenance.engineVersion} ` +
  `(kernel ${provenance.kernelHash.slice(0, 12)})`;

const resultTable = (result: JobResult): string => {
  const verdicts = result.thresholds.map(({ name, verdict }) => `${name}: ${verdict}`).join('\n');
  const head = facts([
    ['job', `${result.job.name} (${result.job.id})`],
    ['state', `${result.state} (${result.stopReason})`],
  ]);
  const tail = facts([
    ['thresholds', verdicts],
    ['work', work(result)],
    [
      'seed',
      result.provenance.generator === null ? null : `${result.provenance.seed} (${result.provenance.generator})`,
    ],
    ['service', origin(result)],
    ['digest', result.resultDigest ?? 'none: the job has no full answer'],
  ]);
  const estimates = estimatesTable(result);
  return `${head}\n${estimates}${estimates === '' ? '' : '\n'}${tail}`;
};

/** The result in all its forms; json and yaml are the platform's JobResult, unchanged. */
export const printableResult = (result: JobResult): Printable => ({
  document: result,
  names: [result.job.name],
  table: () => resultTable(result),
});
