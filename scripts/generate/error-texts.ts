import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the sources say of an error: where it is defined or made, its kind, and its texts. */
export interface ErrorText {
  readonly code: string
  readonly kind: string
  readonly file: string
  /** One for each case that its text distinguishes; what differs from call to call is `…`. None if the text is computed elsewhere. */
  readonly texts: readonly string[]
}

const opening = /\b(?:defineError(?:<[^(]*?>)?|new DenizenError|transportFailure)\(\s*'([a-z]+\.[A-Za-z]+)'/g

/** The errors that the sources define or make, in the order of their codes. */
export async function readErrorTexts(workspace: string): Promise<readonly ErrorText[]> {
  const found: ErrorText[] = []
  const exclude = (path: string) => path.endsWith('.test.ts') || path.endsWith('testing')
  for await (const file of glob(['packages/*/src/**/*.ts', 'apps/cli/src/**/*.ts'], { cwd: workspace, exclude }))
    found.push(...errorTextsIn(await readFile(join(workspace, file), 'utf8'), file))
  return found.toSorted((one, other) => compare(one.code, other.code) || compare(one.file, other.file))
}

/** Reads the errors of one source file. They cannot be imported: the text of many is a function of what happened. */
function errorTextsIn(source: string, file: string): readonly ErrorText[] {
  return [...source.matchAll(opening)].map((match) => {
    const [, kind = '', message = ''] = argumentsFrom(source, source.indexOf('(', match.index + match[0].indexOf('(')) + 1)
    return { code: match[1] ?? '', kind: /^'(\w+)'$/.exec(kind)?.[1] ?? '', file, texts: textsIn(message) }
  })
}

/** The arguments of a call, as they are written; `at` is behind its parenthesis. */
function argumentsFrom(source: string, at: number): readonly string[] {
  const found: string[] = []
  let [start, depth] = [at, 0]
  for (let index = at; index < source.length; index++) {
    const character = source[index] ?? ''
    if (`'"\``.includes(character)) index = endOfLiteral(source, index)
    else if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character) && depth-- === 0) return [...found, source.slice(start, index).trim()]
    else if (character === ',' && depth === 0) {
      found.push(source.slice(start, index).trim())
      start = index + 1
    }
  }
  return found
}

/** The index of the quote that ends a literal. */
function endOfLiteral(source: string, start: number): number {
  const quote = source[start]
  for (let index = start + 1; index < source.length; index++) {
    if (source[index] === '\\') index++
    else if (source[index] === quote) return index
    else if (quote === '`' && source.startsWith('${', index)) index = endOfSubstitution(source, index + 2)
  }
  throw new Error('A literal does not end.')
}

function endOfSubstitution(source: string, start: number): number {
  let depth = 0
  for (let index = start; index < source.length; index++) {
    const character = source[index] ?? ''
    if (`'"\``.includes(character)) index = endOfLiteral(source, index)
    else if (character === '{') depth++
    else if (character === '}' && depth-- === 0) return index
  }
  throw new Error('A substitution does not end.')
}

/** The sentences in an expression: literals that are added to each other are one text. */
function textsIn(expression: string): readonly string[] {
  const texts: string[] = []
  let isContinued = false
  for (let index = 0; index < expression.length; index++) {
    const character = expression[index] ?? ''
    if (character === '+') isContinued = texts.length > 0
    if (!`'"\``.includes(character)) continue
    const end = endOfLiteral(expression, index)
    const text = shown(expression.slice(index + 1, end))
    if (isContinued) texts.push(`${texts.pop() ?? ''}${text}`)
    else if (/[\w…] [\w…]/.test(text)) texts.push(text)
    isContinued = false
    index = end
  }
  return texts
}

/** A literal as it is read, with … for what is put into it. */
function shown(literal: string): string {
  let text = ''
  for (let index = 0; index < literal.length; index++) {
    if (literal.startsWith('${', index)) {
      index = endOfSubstitution(literal, index + 2)
      text += '…'
    } else if (literal[index] === '\\') text += literal[++index] === 'n' ? ' ' : (literal[index] ?? '')
    else text += literal[index] ?? ''
  }
  return text
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
