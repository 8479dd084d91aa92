import { kinds } from '@denizen/core/calls'
import { Argument, type Command } from 'commander'
import { print } from '../output.ts'

/** A command and the words that may follow it: subcommands, options, choices of its first argument. */
interface CommandWords {
  /** `users set-status`; empty: the program itself. */
  readonly path: string
  readonly words: readonly string[]
  /** Options with a fixed choice of values. */
  readonly choices: readonly { readonly option: string; readonly words: readonly string[] }[]
}

/** Prints a completion script for a shell, made from the commands. */
export function addCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('Print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
  command.addHelpText(
    'after',
    '\nExamples:\n  $ source <(denizen completion bash)\n  $ denizen completion zsh > "${fpath[1]}/_denizen"\n  $ denizen completion fish > ~/.config/fish/completions/denizen.fish',
  )
  command.action((shell: 'bash' | 'zsh' | 'fish') => {
    const commands = wordsOf(program, '')
    print({ bash, zsh, fish }[shell](commands))
  })
}

function wordsOf(command: Command, path: string): readonly CommandWords[] {
  const options = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '')
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const actions = path === 'call' ? Object.keys(kinds) : []
  const words = [...command.commands.map((child) => child.name()), ...actions, ...choices, ...options, '--help']
  const below = command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim()))
  const taking = command.options.flatMap(({ long, short, argChoices }) =>
    argChoices === undefined ? [] : [long, short].flatMap((option) => (option ? [{ option, words: argChoices }] : [])),
  )
  return [{ path, words, choices: taking }, ...below]
}

/** The path is the longest command among the words before the cursor. */
function bash(commands: readonly CommandWords[]): string {
  return `_denizen() {
  local path="" word try
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    try="\${path:+$path }$word"
    case "$try" in ${alternatives(commands)}) path="$try" ;; esac
  done
  case "$path $before" in
${afterOptions(commands, (words) => `COMPREPLY=($(compgen -W '${words}' -- "$current")); return`)}
  esac
  case "$path" in
${commands.map(({ path, words }) => `    '${path}') COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F _denizen denizen`
}

function zsh(commands: readonly CommandWords[]): string {
  return `#compdef denizen
_denizen() {
  local path="" word try
  for word in "\${(@)words[2,CURRENT-1]}"; do
    try="\${path:+$path }$word"
    case "$try" in ${alternatives(commands)}) path="$try" ;; esac
  done
  case "$path \${words[CURRENT-1]}" in
${afterOptions(commands, (words) => `compadd -- ${words}; return`)}
  esac
  case "$path" in
${commands.map(({ path, words }) => `    '${path}') compadd -- ${words.join(' ')} ;;`).join('\n')}
  esac
  _files
}
# Loaded from $fpath this file is the function's first call; sourced, it only defines it.
if [[ "$funcstack[1]" = _denizen ]]; then _denizen "$@"; else compdef _denizen denizen; fi`
}

/** Completes the values of options with a fixed choice. */
function afterOptions(commands: readonly CommandWords[], then: (words: string) => string): string {
  const lines = commands.flatMap(({ path, choices }) =>
    choices.map(({ option, words }) => `    '${path} ${option}') ${then(words.join(' '))} ;;`),
  )
  return lines.join('\n')
}

function alternatives(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|')
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, words, choices }) => {
    const steps = path === '' ? [] : path.split(' ')
    const here = steps.map((step) => `__fish_seen_subcommand_from ${step}`)
    const others = commands
      .filter((other) => other.path !== path && other.path.startsWith(path === '' ? '' : `${path} `))
      .map((other) => other.path.split(' ')[steps.length] ?? '')
    const notDeeper = others.length === 0 ? [] : [`not __fish_seen_subcommand_from ${[...new Set(others)].join(' ')}`]
    const place = `complete -c denizen -n '${[...here, ...notDeeper].join('; and ')}'`
    const taking = choices
      .filter(({ option }) => option.startsWith('--'))
      .map(({ option, words: after }) => `${place} -l ${option.slice(2)} -x -a '${after.join(' ')}'`)
    return [`${place} -a '${words.join(' ')}'`, ...taking]
  })
  return lines.join('\n')
}
