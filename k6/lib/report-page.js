// The report as a page: no script, no font, no picture from elsewhere.
import { shown } from './shown.js';

const escaped = (value) => String(value).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const cell = (value) => escaped(shown(value));

const style = `
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f4f6f9; --ink: #1c2430; --dim: #5c6675; --good: #14713d; --bad: #b3261e; --bar: #3367b1; --range: #b9cdea; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a4250; --soft: #222833; --ink: #e8ecf2; --dim: #a0aab8; --good: #5fd08f; --bad: #ff8a80; --bar: #7fa9e6; --range: #35507a; }
  body { background: #171b22; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
p { color: var(--dim); margin: .25rem 0 .75rem; max-width: 60rem; }
.verdict { display: inline-block; padding: .1rem .7rem; border-radius: 1rem; color: #fff; font-weight: 600; font-size: .95rem; vertical-align: middle; }
.passed { background: #14713d; } .failed { background: #b3261e; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { background: var(--soft); font-weight: 600; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.ok, td.missed { white-space: nowrap; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
.ok { color: var(--good); font-weight: 600; } .missed { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .5rem 0; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; } svg .dim { fill: var(--dim); }
`;

const rowOf = (cells, tag) =>
  `<tr>${cells.map((value) => `<${tag}${typeof value === 'number' ? '' : ' class="text"'}>${cell(value)}</${tag}>`).join('')}</tr>`;

const section = ({ title, note = '', head, rows, ranges = [] }) => `
<h2>${escaped(title)}</h2>
<p>${escaped(note)}</p>
${ranges.length === 0 ? '' : drawn(ranges)}
<div class="wide"><table><thead>${headOf(head, rows[0] ?? [])}</thead><tbody>${rows.map((row) => rowOf(row, 'td')).join('\n')}</tbody></table></div>`;

const headOf = (head, first) =>
  `<tr>${head.map((name, index) => `<th${typeof first[index] === 'number' ? '' : ' class="text"'}>${escaped(name)}</th>`).join('')}</tr>`;

/** Each bound as a range, with what was measured as a mark in it; red where it lies outside. */
const drawn = (ranges) => {
  const [left, width, height] = [250, 620, 24];
  const most = Math.max(1, ...ranges.flatMap(({ upper, value }) => [upper, value])) * 1.08;
  const x = (value) => left + (width * value) / most;
  const lines = ranges.map(({ name, lower, upper, value }, index) => {
    const y = index * height + 4;
    const inside = value >= lower && value <= upper;
    const extent = Math.max(3, x(upper) - x(lower));
    return `<text x="${left - 10}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>
<rect x="${x(lower) - (extent === 3 ? 1.5 : 0)}" y="${y}" width="${extent}" height="16" rx="2" fill="var(--range)"/>
<circle cx="${x(value)}" cy="${y + 8}" r="5" fill="var(${inside ? '--bar' : '--bad'})"/>
<text class="dim" x="${x(Math.max(upper, value)) + 10}" y="${y + 12}">${shown(value)} in ${shown(lower)} … ${shown(upper)}</text>`;
  });
  return `<svg viewBox="0 0 1000 ${ranges.length * height + 8}" role="img" aria-label="Measured within its bounds">${lines.join('\n')}</svg>`;
};

const thresholdRow = ({ metric, expression, ok, value, reason, count = 1 }) =>
  `<tr><td class="${ok ? 'ok' : 'missed'}">${ok ? 'held' : 'missed'}${count > 1 ? ` × ${count}` : ''}</td><td class="text"><code>${escaped(metric)}</code></td>
<td class="text"><code>${escaped(expression)}</code></td><td>${cell(value)}</td><td class="text">${escaped(reason)}</td></tr>`;

/** What was missed one by one, first; what was held of one metric and for one reason in one row. */
const thresholdRows = (thresholds) => {
  const held = new Map();
  for (const each of thresholds.filter(({ ok }) => ok)) {
    const key = `${each.metric.replace(/\{.*/, '')} ${each.reason}`;
    held.set(key, [...(held.get(key) ?? []), each]);
  }
  return [...thresholds.filter(({ ok }) => !ok), ...[...held.values()].map(together)].map(thresholdRow).join('\n');
};

const together = (rows) => {
  const [first] = rows;
  if (rows.length === 1) return first;
  const values = rows.map(({ value }) => value).sort((a, b) => a - b);
  const range =
    values[0] === values[values.length - 1] ? values[0] : `${shown(values[0])} … ${shown(values[values.length - 1])}`;
  const expressions = [...new Set(rows.map(({ expression }) => expression))].join(', ');
  return {
    ...first,
    metric: first.metric.replace(/\{.*/, ''),
    expression: expressions,
    value: range,
    count: rows.length,
  };
};

const statistics = ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'];

const trends = (metrics) =>
  Object.entries(metrics)
    .filter(([, { type, contains, values }]) => type === 'trend' && contains === 'time' && values.max > 0)
    .map(([name, { values }]) => [name, ...statistics.map((statistic) => values[statistic] ?? null)]);

export const page = ({ title, passed, endedAt, seconds, facts, sections, thresholds, metrics }) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head>
<body>
<h1>${escaped(title)} <span class="verdict ${passed ? 'passed' : 'failed'}">${passed ? 'passed' : 'failed'}</span></h1>
<dl><dt>Ended</dt><dd>${escaped(endedAt)}, after ${Math.round(seconds)} s</dd>
${Object.entries(facts)
  .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  .join('\n')}</dl>
${sections.map(section).join('\n')}
<h2>Thresholds</h2>
<div class="wide"><table><thead><tr><th></th><th class="text">Metric</th><th class="text">Must be</th><th>Was</th><th class="text">Why</th></tr></thead>
<tbody>${thresholdRows(thresholds)}</tbody></table></div>
${section({ title: 'Times', note: 'Milliseconds, as this machine saw them.', head: ['Metric', ...statistics], rows: trends(metrics) })}
</body></html>
`;
