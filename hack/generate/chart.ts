import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { printValues, rowsOf, schemaOf } from './chart/print-values.ts';
import { chartValues } from './chart/values.ts';

const directory = 'charts/simfleet';
const begin = '<!-- values: made by make generate -->';
const end = '<!-- end of values -->';

const table = (rows: ReturnType<typeof rowsOf>): string =>
  [
    '| value | default | meaning |',
    '|---|---|---|',
    ...rows.map(({ path, byDefault, description }) => {
      const cells = [`\`${path}\``, `\`${JSON.stringify(byDefault)}\``, description];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
  ].join('\n');

/** The files of the chart that say which values it takes, by path from the root. The README is written between its two marks only. */
export const generateChart = (): Readonly<Record<string, string>> => {
  const json = z.toJSONSchema(chartValues, { io: 'input', target: 'draft-2020-12' });
  const schema = schemaOf(json);
  const readme = readFileSync(`${directory}/README.md`, 'utf8');
  const [before, after] = [readme.split(begin)[0], readme.split(end)[1]];
  if (before === undefined || after === undefined) throw new Error(`${directory}/README.md has lost its marks`);
  const header = '# Made by make generate from hack/generate/chart: what each value is and takes.\n\n';
  return {
    [`${directory}/values.yaml`]: header + printValues(schema),
    [`${directory}/values.schema.json`]: `${JSON.stringify(json, null, 2)}\n`,
    [`${directory}/README.md`]: `${before}${begin}\n\n${table(rowsOf(schema))}\n\n${end}${after}`,
  };
};
