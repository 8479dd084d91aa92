/** A command of a line, as far as our pages write them: words, and where its output goes. */
export interface ShellCommand {
  readonly words: readonly string[]
  /** `| …`: what follows reads what it prints; `&& …`: what follows runs if it succeeds, `|| …`: if it fails; `end`: nothing of both. */
  readonly next: 'pipe' | 'and' | 'or' | 'end'
  /** `> file`; null: the screen. */
  readonly into: string | null
  /** `< file`; null: nothing. */
  readonly from: string | null
}

/** The commands of a block, without comments. */
export function shellCommandsOf(code: string): readonly ShellCommand[] {
  return code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => commandsOf(wordsOf(line)))
}

/** The words of a line; operators are words that begin with a NUL. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = []
  for (const [part = '', operator] of line.matchAll(/\s#.*$|^#.*$|(&&|\|\||[|<>])(?!\()|(?:"[^"]*"|'[^']*'|<\([^)]*\)|[^\s"'|<>&])+/g)) {
    if (/^\s?#/.test(part)) break
    words.push(
      operator === undefined ? part.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => String(double ?? single)) : `\0${operator}`,
    )
  }
  return words
}

function commandsOf(words: readonly string[]): readonly ShellCommand[] {
  const commands: ShellCommand[] = []
  let current = { words: [] as string[], into: null as string | null, from: null as string | null }
  const push = (next: ShellCommand['next']) => {
    commands.push({ ...current, next })
    current = { words: [], into: null, from: null }
  }
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '\0|') push('pipe')
    else if (word === '\0&&') push('and')
    else if (word === '\0||') push('or')
    else if (word === '\0>') current.into = words[(index += 1)] ?? ''
    else if (word === '\0<') current.from = words[(index += 1)] ?? ''
    else current.words.push(word)
  }
  if (current.words.length > 0) push('end')
  return commands
}
