import type { Command } from 'commander';
import { outputFormats } from '../output/format.ts';
import { servedModules } from '../platform/served-modules.ts';

/** What a word behind a command can be. */
type Words =
  'letters' | 'commands' | 'files' | 'jobs' | 'kinds' | 'kinds or jobs' | 'shells' | 'services' | 'topics' | 'nothing';

/** One command as completion sees it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly flag: string;
    readonly short: string | undefined;
    readonly description: string;
    readonly takes: 'file' | 'format' | 'value' | 'none';
  }[];
  readonly words: Words;
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const wordsOf: Readonly<Record<string, Words>> = {
  get: 'kinds',
  describe: 'kinds or jobs',
  delete: 'kinds or jobs',
  watch: 'jobs',
  cancel: 'jobs',
  suspend: 'jobs',
  resume: 'jobs',
  extend: 'jobs',
  logs: 'jobs',
  result: 'jobs',
  serve: 'services',
  restore: 'files',
  events: 'letters',
  completion: 'shells',
  help: 'topics',
};

const fileFlags = ['--file', '--run', '--data-dir', '--out', '--verify'];
const takesFile = (flag: string): boolean => fileFlags.includes(flag) || flag.endsWith('-file');

const takes = (flag: string, required: boolean): 'file' | 'format' | 'value' | 'none' => {
  if (takesFile(flag)) return 'file';
  if (flag === '--output') return 'format';
  return required ? 'value' : 'none';
};

const summaryOf = (command: Command): string =>
  command.summary() || command.description().replace(/\.$/, '').toLowerCase();

/** Everything that completion offers, taken from the commands themselves so that it cannot fall behind. */
export const completedCommands = (program: Command): readonly CompletedCommand[] =>
  program.commands.map((command) => ({
    name: command.name(),
    summary: summaryOf(command),
    options: [...command.options, ...program.options].map((option) => ({
      flag: option.long ?? '',
      short: option.short,
      description: option.description,
      takes: takes(option.long ?? '', option.required),
    })),
    words: wordsOf[command.name()] ?? 'nothing',
  }));

/** What stands before any command: the options that all of them share, and the commands. */
export const beforeCommands = (commands: readonly CompletedCommand[]): CompletedCommand => ({
  name: '""',
  summary: '',
  options: (commands[0]?.options ?? []).filter(({ flag }) =>
    commands.every(({ options }) => options.some((option) => option.flag === flag)),
  ),
  words: 'commands',
});

/** The words themselves; null = the names of jobs, which the shell asks `simfleet get jobs -o name` for. */
export const fixedWords = (
  words: Words,
  commands: readonly CompletedCommand[],
  topics: readonly string[],
): readonly string[] => {
  switch (words) {
    case 'kinds':
    case 'kinds or jobs':
      return ['jobs', 'services', 'customers'];
    case 'shells':
      return shells;
    case 'letters':
      return ['dead', 'replay', 'discard'];
    case 'services':
      return servedModules;
    case 'commands':
      return commands.map((command) => command.name);
    case 'topics':
      return [...commands.map((command) => command.name), ...topics];
    default:
      return [];
  }
};

export const needsFiles = (words: Words): boolean => words === 'files';
export const needsJobs = (words: Words): boolean => words === 'jobs' || words === 'kinds or jobs';
export const formats: readonly string[] = outputFormats;
