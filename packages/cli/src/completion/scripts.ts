import { beforeCommands, fixedWords, formats, needsFiles, needsJobs } from './words.ts';
import type { CompletedCommand, Shell } from './words.ts';

const jobNames = 'simfleet get jobs --limit 1000 -o name 2>/dev/null';

interface Offer {
  readonly commands: readonly CompletedCommand[];
  readonly topics: readonly string[];
}

const flagsOf = ({ options }: CompletedCommand): readonly string[] =>
  options.flatMap(({ flag, short }) => (short === undefined ? [flag] : [flag, short]));

const flagsThatTake = (commands: readonly CompletedCommand[], what: string): readonly string[] => {
  const all = commands.flatMap(({ options }) => options.filter((option) => option.takes === what));
  return [...new Set(all.flatMap(({ flag, short }) => (short === undefined ? [flag] : [short, flag])))];
};

/** `-f` is a file for apply and run, and no value at all for logs: the commands decide, not the flag alone. */
const caseOf = (command: CompletedCommand, { commands, topics }: Offer): string => {
  const words = fixedWords(command.words, commands, topics).join(' ');
  const jobs = needsJobs(command.words) ? ` $(${jobNames})` : '';
  const files = flagsThatTake([command], 'file').join('|');
  const values = flagsThatTake([command], 'value').join('|');
  return [
    `    ${command.name})`,
    `      case "$previous" in`,
    `        ${files}) kind=file ;;`,
    `        ${flagsThatTake([command], 'format').join('|')}) offers="${formats.join(' ')}" ;;`,
    ...(values === '' ? [] : [`        ${values}) kind=none ;;`]),
    `        *)`,
    `          if [[ "$current" == -* ]]; then offers="${[...flagsOf(command), '--help'].join(' ')}"`,
    `          else ${needsFiles(command.words) ? 'kind=file' : `offers="${words}${jobs}"`}; fi ;;`,
    `      esac ;;`,
  ].join('\n');
};

/** Shared by bash and zsh: the first word that is neither an option nor the value of one is the command. */
const findCommand = ({ commands }: Offer, before: string): string => {
  const withValue = beforeCommands(commands).options.filter(({ takes }) => takes !== 'none');
  const flags = withValue.flatMap(({ flag, short }) => (short === undefined ? [flag] : [short, flag]));
  return `  local word skip="" command=""
  for word in ${before}; do
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      ${flags.join('|')}) skip=1 ;;
      -*) ;;
      *) command="$word"; break ;;
    esac
  done`;
};

/** Shared by bash and zsh: sets `offers` or `kind` from the command, the word before and the word under the cursor. */
const choose = (offer: Offer): string =>
  `  local offers="" kind=""
  case "$command" in
${[beforeCommands(offer.commands), ...offer.commands].map((command) => caseOf(command, offer)).join('\n')}
  esac`;

const bash = (offer: Offer): string => `# bash completion of simfleet: source <(simfleet completion bash)
_simfleet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
${findCommand(offer, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
${choose(offer)}
  case "$kind" in
    file) COMPREPLY=($(compgen -f -- "$current")) ;;
    none) COMPREPLY=() ;;
    *) COMPREPLY=($(compgen -W "$offers" -- "$current")) ;;
  esac
}
complete -o filenames -F _simfleet simfleet
`;

const zsh = (offer: Offer): string => `#compdef simfleet
# zsh completion of simfleet: simfleet completion zsh > "\${fpath[1]}/_simfleet", or source it behind compinit
_simfleet() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}"
${findCommand(offer, '"${(@)words[2,CURRENT-1]}"')}
  _simfleet_choose
}
_simfleet_choose() {
${choose(offer)}
  case "$kind" in
    file) _files ;;
    none) ;;
    *) compadd -- \${=offers} ;;
  esac
}
if [[ "\${funcstack[1]}" = _simfleet ]]; then _simfleet "$@"; else compdef _simfleet simfleet; fi
`;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const fishCommand = (command: CompletedCommand, { commands, topics }: Offer): readonly string[] => {
  const here = `-n '__fish_seen_subcommand_from ${command.name}'`;
  const words = fixedWords(command.words, commands, topics).join(' ');
  const options = command.options.map(({ flag, short, description, takes }) => {
    const value =
      takes === 'none'
        ? ''
        : takes === 'file'
          ? ' -r -F'
          : takes === 'format'
            ? ` -x -a '${formats.join(' ')}'`
            : ' -x';
    return `complete -c simfleet ${here} -l ${flag.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}${value} -d ${quoted(description)}`;
  });
  return [
    `complete -c simfleet -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...(words === '' ? [] : [`complete -c simfleet ${here} -a '${words}'`]),
    ...(needsFiles(command.words) ? [`complete -c simfleet ${here} -F`] : []),
    ...(needsJobs(command.words) ? [`complete -c simfleet ${here} -a '(${jobNames})'`] : []),
    ...options,
  ];
};

const fish = (offer: Offer): string =>
  [
    '# fish completion of simfleet: simfleet completion fish > ~/.config/fish/completions/simfleet.fish',
    'complete -c simfleet -f',
    ...offer.commands.flatMap((command) => fishCommand(command, offer)),
    '',
  ].join('\n');

/** Text of the completion script for a shell. */
export const completionScript = (shell: Shell, offer: Offer): string => ({ bash, zsh, fish })[shell](offer);
