import { Command } from 'commander'
import { childNamed } from './aliases.ts'
import { addConnectionOptions, addOutputOptions } from './common-options.ts'

/**
 * The command line with the options that stand before the command after it: `denizen --context work users list`. Those that the command
 * does not have in the same form stay, to be refused.
 */
export function withOptionsBehind(program: Command, argv: readonly string[]): readonly string[] {
  const { options, rest } = leading(argv)
  if (options.length === 0) return argv
  const words = pathOf(program, rest)
  const command = words.reduce<Command>((place, word) => childNamed(place, word) ?? place, program)
  if (command === program && rest.length > 0) return rest // the command is unknown, which is what has to be said
  const known = options.every(([word = '']) => isSame(command, optionNamed(word)))
  return known ? [...words, ...options.flat(), ...rest.slice(words.length)] : argv
}

/** Options that nearly all commands have. */
const { options: common } = addOutputOptions(addConnectionOptions(new Command()))

function optionNamed(word: string) {
  return common.find(({ long }) => long === word.replace(/=.*$/, ''))
}

/** The common options at the beginning, each with its value. */
function leading(argv: readonly string[]): { readonly options: readonly (readonly string[])[]; readonly rest: readonly string[] } {
  const options: (readonly string[])[] = []
  let rest = argv
  for (let found = optionNamed(rest[0] ?? ''); found !== undefined; found = optionNamed(rest[0] ?? '')) {
    const words = found.required && !rest[0]?.includes('=') ? 2 : 1
    options.push(rest.slice(0, words))
    rest = rest.slice(words)
  }
  return { options, rest }
}

/** The words that name the command. */
function pathOf(program: Command, words: readonly string[]): readonly string[] {
  let place = program
  const end = words.findIndex((word) => {
    const next = childNamed(place, word)
    if (next !== undefined) place = next
    return next === undefined
  })
  return end < 0 ? words : words.slice(0, end)
}

/** A command may have an option of the same name that is another. */
function isSame(command: Command, wanted: ReturnType<typeof optionNamed>): boolean {
  return command.options.some(({ long, required, optional }) => long === wanted?.long && required === wanted?.required && !optional)
}
