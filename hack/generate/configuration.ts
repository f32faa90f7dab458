import { platformParts } from '@simfleet/all-in-one';
import { describeOptions, processOptions } from '@simfleet/runtime';
import { operatorParts } from '../../operator/src/index.ts';

type Row = ReturnType<typeof describeOptions>[number];

/** Options of one part under its name. */
const section = (part: string, rows: readonly Row[], about: readonly string[] = []): readonly string[] => [
  '',
  `## ${part}`,
  '',
  ...about,
  '| flag | variable | type | default | meaning |',
  '|---|---|---|---|---|',
  ...rows.map(
    (row) =>
      `| \`${row.flag}\` | \`${row.variable}\` | ${row.type.replaceAll('|', '\\|')} | ${row.default === '' ? '' : `\`${row.default}\``} | ${row.description} |`,
  ),
];

export const generateConfigurationReference = (): string => {
  const rows = describeOptions(platformParts);
  const parts = [...new Set(rows.map(({ part }) => part))];
  return [
    '# Configuration',
    '',
    'Generated from the options that each module owns. Every option is a flag, a variable and a key of the configuration file (`--config`, YAML or JSON);',
    'the flag wins over the variable, the variable over the file, the file over the default. Unknown ones are reported.',
    ...section('process', describeOptions({ process: processOptions }), [
      'Of the platform and the operator alike, as `--config` is.',
      '',
    ]),
    ...parts.flatMap((part) =>
      section(
        part,
        rows.filter((row) => row.part === part),
      ),
    ),
    ...section('operator', describeOptions(operatorParts), [
      'Of the operator, a program of its own: what has the name of an option of the platform is not that option.',
      '',
    ]),
    '',
  ].join('\n');
};
