// What is left of a run: a few lines on the terminal, and where LOAD_REPORT names a file, <file>.json and <file>.html, which needs nothing beside itself.
import { page } from './report-page.js';
import { shown } from './shown.js';

/**
 * `about`: {title, reasons, sections: (valueOf) => [{title, note, head, rows}], facts: {name: text}}. `valueOf(metric, statistic, tags)` is a number,
 * or null where nothing was measured. The token is in none of it.
 */
export const summarise =
  ({ title, reasons, sections, facts, file }) =>
  ({ metrics, state }) => {
    const report = {
      title,
      passed: Object.values(metrics).every(({ thresholds = {} }) => Object.values(thresholds).every(({ ok }) => ok)),
      endedAt: new Date().toISOString(),
      seconds: state.testRunDurationMs / 1000,
      facts,
      sections: sections(reader(metrics)),
      thresholds: thresholdsOf(metrics, reasons),
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, { type, contains, values }]) => [name, { type, contains, values }]),
      ),
    };
    const files =
      file === null ? {} : { [`${file}.json`]: `${JSON.stringify(report, null, 2)}\n`, [`${file}.html`]: page(report) };
    return { stdout: text(report), ...files };
  };

const nameWith = (metric, tags) => {
  const said = Object.entries(tags).map(([key, value]) => `${key}:${value}`);
  return said.length === 0 ? metric : `${metric}{${said.join(',')}}`;
};

const reader =
  (metrics) =>
  (metric, statistic, tags = {}) =>
    metrics[nameWith(metric, tags)]?.values[statistic] ?? null;

/** The number that a threshold such as `p(99)<500` is about. */
const measured = (values, expression) => {
  const [statistic = ''] = /^[a-z]+(\(\d+(\.\d+)?\))?/.exec(expression) ?? [];
  return values[statistic] ?? null;
};

/** In the order in which the script has them. */
const thresholdsOf = (metrics, reasons) =>
  Object.entries(reasons).flatMap(([metric, of]) =>
    Object.entries(of).map(([expression, reason]) => {
      const { values = {}, thresholds = {} } = metrics[metric] ?? {};
      const ok = thresholds[expression]?.ok ?? false;
      return { metric, expression, ok, value: measured(values, expression), reason };
    }),
  );

const table = ({ title, head, rows }) => {
  const lines = [head, ...rows].map((row) => row.map(shown));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const aligned = lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '),
  );
  return `${title}\n${aligned.map((line) => `  ${line.trimEnd()}`).join('\n')}\n`;
};

const text = ({ title, passed, seconds, sections, thresholds }) => {
  const missed = thresholds.filter(({ ok }) => !ok);
  const list = missed.map(
    ({ metric, expression, value, reason }) => `  missed: ${metric} ${expression}, was ${shown(value)} – ${reason}\n`,
  );
  const held = `${thresholds.length - missed.length} of ${thresholds.length} thresholds held`;
  return `\n${sections.map(table).join('\n')}\n${title}: ${passed ? 'passed' : 'FAILED'} after ${Math.round(seconds)} s, ${held}\n${list.join('')}`;
};
