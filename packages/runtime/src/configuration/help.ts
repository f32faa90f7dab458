import { describeOptions } from './describe.ts';
import type { ConfigurationParts } from './option.ts';

/** Characters in a line: fits half a wide screen. */
const width = 100;
const indent = '      ';

/** What a process says of itself: how to call it, and every option by part with its variable, type, default and meaning. */
export const helpOf = (name: string, purpose: string, parts: ConfigurationParts): string => {
  const rows = describeOptions(parts);
  const part = (of: string): string[] => [
    '',
    `${of}:`,
    ...rows.filter((row) => row.part === of).flatMap((row) => [`  ${row.flag} <${row.type}>`, ...explained(row)]),
  ];
  return [
    `Usage: ${name} [--option value]…`,
    '',
    ...wrapped(purpose, ''),
    '',
    ...wrapped(
      'Every option may also be given by its variable, or under its name in a YAML or JSON file (--config); a flag wins over a variable, and that over the file.',
      '',
    ),
    ...[...new Set(rows.map((row) => row.part))].flatMap(part),
    '',
  ].join('\n');
};

const explained = ({
  variable,
  description,
  ...row
}: ReturnType<typeof describeOptions>[number]): readonly string[] => [
  ...wrapped(description, indent),
  `${indent}${variable}${row.default === '' ? '' : `, default ${row.default}`}${row.secret ? ', secret' : ''}`,
];

const wrapped = (text: string, margin: string): readonly string[] => {
  const lines: string[] = [];
  let line = margin;
  for (const word of text.split(' ')) {
    if (line.length > margin.length && line.length + 1 + word.length > width) {
      lines.push(line);
      line = margin;
    }
    line += line.length > margin.length ? ` ${word}` : word;
  }
  return [...lines, line];
};
