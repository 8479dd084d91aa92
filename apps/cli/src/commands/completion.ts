import { kinds } from '@denizen/core/calls'
import { Argument, type Command } from 'commander'
import { print } from '../output.ts'

/** A command and what may follow it: subcommands, options, choices of its first argument. */
interface Place {
  /** `users set-status`; empty: the program itself. */
  readonly path: string
  readonly words: readonly string[]
  /** Options that take one of some words. */
  readonly choices: readonly { readonly option: string; readonly words: readonly string[] }[]
}

/** Prints a script for the shell, made from the commands themselves. */
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
    const places = placesOf(program, '')
    print({ bash, zsh, fish }[shell](places))
  })
}

function placesOf(command: Command, path: string): readonly Place[] {
  const options = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '')
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const actions = path === 'call' ? Object.keys(kinds) : []
  const words = [...command.commands.map((child) => child.name()), ...actions, ...choices, ...options, '--help']
  const below = command.commands.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim()))
  const taking = command.options.flatMap(({ long, short, argChoices }) =>
    argChoices === undefined ? [] : [long, short].flatMap((option) => (option ? [{ option, words: argChoices }] : [])),
  )
  return [{ path, words, choices: taking }, ...below]
}

/** The path is the words before the cursor that are no options, as far as there is a place of that name. */
function bash(places: readonly Place[]): string {
  return `_denizen() {
  local path="" word try
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    try="\${path:+$path }$word"
    case "$try" in ${alternatives(places)}) path="$try" ;; esac
  done
  case "$path $before" in
${afterOptions(places, (words) => `COMPREPLY=($(compgen -W '${words}' -- "$current")); return`)}
  esac
  case "$path" in
${places.map(({ path, words }) => `    '${path}') COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F _denizen denizen`
}

function zsh(places: readonly Place[]): string {
  return `#compdef denizen
_denizen() {
  local path="" word try
  for word in "\${(@)words[2,CURRENT-1]}"; do
    try="\${path:+$path }$word"
    case "$try" in ${alternatives(places)}) path="$try" ;; esac
  done
  case "$path \${words[CURRENT-1]}" in
${afterOptions(places, (words) => `compadd -- ${words}; return`)}
  esac
  case "$path" in
${places.map(({ path, words }) => `    '${path}') compadd -- ${words.join(' ')} ;;`).join('\n')}
  esac
  _files
}
# Loaded from $fpath this file is the function's first call; sourced, it only defines it.
if [[ "$funcstack[1]" = _denizen ]]; then _denizen "$@"; else compdef _denizen denizen; fi`
}

/** What comes after an option that takes one of some words, before anything else is thought of. */
function afterOptions(places: readonly Place[], then: (words: string) => string): string {
  const lines = places.flatMap(({ path, choices }) =>
    choices.map(({ option, words }) => `    '${path} ${option}') ${then(words.join(' '))} ;;`),
  )
  return lines.join('\n')
}

function alternatives(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|')
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, choices }) => {
    const steps = path === '' ? [] : path.split(' ')
    const here = steps.map((step) => `__fish_seen_subcommand_from ${step}`)
    const others = places
      .filter((place) => place.path !== path && place.path.startsWith(path === '' ? '' : `${path} `))
      .map((place) => place.path.split(' ')[steps.length] ?? '')
    const notDeeper = others.length === 0 ? [] : [`not __fish_seen_subcommand_from ${[...new Set(others)].join(' ')}`]
    const place = `complete -c denizen -n '${[...here, ...notDeeper].join('; and ')}'`
    const taking = choices
      .filter(({ option }) => option.startsWith('--'))
      .map(({ option, words: after }) => `${place} -l ${option.slice(2)} -x -a '${after.join(' ')}'`)
    return [`${place} -a '${words.join(' ')}'`, ...taking]
  })
  return lines.join('\n')
}
