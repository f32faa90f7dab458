import { platformParts } from '@simfleet/all-in-one';
import { describeOptions } from '@simfleet/runtime';

export const generateConfigurationReference = (): string => {
  const rows = describeOptions(platformParts);
  const parts = [...new Set(rows.map(({ part }) => part))];
  return [
    '# Configuration',
    '',
    'Generated from the options that each module owns. Every option is a flag, a variable and a key of the configuration file (`--config`, YAML or JSON);',
    'the flag wins over the variable, the variable over the file, the file over the default. Unknown ones are reported.',
    ...parts.flatMap((part) => [
      '',
      `## ${part}`,
      '',
      '| flag | variable | type | default | meaning |',
      '|---|---|---|---|---|',
      ...rows
        .filter((row) => row.part === part)
        .map(
          (row) =>
            `| \`${row.flag}\` | \`${row.variable}\` | ${row.type.replaceAll('|', '\\|')} | ${row.default === '' ? '' : `\`${row.default}\``} | ${row.description} |`,
        ),
    ]),
    '',
  ].join('\n');
};
