import { InvalidArgumentError, Option } from 'commander';

/** Collects a flag that may be given several times. */
export const several = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** A whole number of at least `least`, and at most `most` if given; the error names what was typed. */
export const wholeNumber =
  (least: number, most?: number) =>
  (typed: string): number => {
    const value = Number(typed);
    const range = most === undefined ? `at least ${least}` : `${least} … ${most}`;
    if (!/^[0-9]+$/.test(typed) || !Number.isSafeInteger(value) || value < least || value > (most ?? value))
      throw new InvalidArgumentError(`"${typed}" must be a whole number, ${range}.`);
    return value;
  };

/** `-f`, for the commands that read manifests. */
export const fileOption = (): Option =>
  new Option('-f, --file <file>', 'manifest in YAML or JSON, - for standard input; may be given several times')
    .argParser(several)
    .makeOptionMandatory();

export const quietOption = (): Option => new Option('-q, --quiet', 'no progress, only the result').default(false);

export const failOnThresholdOption = (): Option =>
  new Option('--fail-on-threshold', 'exit with 8 when a threshold was crossed').default(false);

/** Examples behind a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
