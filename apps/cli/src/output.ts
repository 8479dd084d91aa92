import { styleText } from 'node:util'
import stringWidth from 'fast-string-width'
import { relativeTime } from './relative-time.ts'

/** Text for people, JSON, or JSON with one item a line. */
export type Format = 'text' | 'json' | 'ndjson'

/** Without effect where output is not shown (NO_COLOR, a pipe, a file). */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints a remark on standard error, because it is not part of the answer. On a terminal it is broken at words. */
export function note(text: string): void {
  process.stderr.write(`${hanging(text, roomOf(process.stderr)).join('\n')}\n`)
}

const labels = { error: 'red', next: 'cyan', warning: 'yellow' } as const

/**
 * Prints a remark on standard error that nobody should overlook. Only the label stands at the margin, and its text to the right of it, all
 * of its lines: a text from a server, or the name of a file, cannot begin a line that looks like ours.
 */
export function labelled(label: keyof typeof labels, text: string): void {
  const margin = ' '.repeat(Math.max(label.length, 'error'.length) + 2)
  const [first = '', ...more] = hanging(printable(text), roomOf(process.stderr) - margin.length)
  const shown = styleText(labels[label], `${label}:`, { stream: process.stderr })
  const lines = [shown + margin.slice(label.length + 1) + first, ...more.map((line) => (margin + line).trimEnd())]
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** The lines of a text; one that is too long goes on below its first word. */
function hanging(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [indent = ''] = /^ */.exec(line) ?? []
    return wrapped(line.slice(indent.length), columns - indent.length).map((part) => indent + part)
  })
}

/**
 * Prints an answer in the given format; `ndjson` prints each item of a page. The text is made of a copy of the answer whose texts stay on
 * their lines (`inLines`): what a server sends is printed from that copy only.
 */
export function printAnswer<Answer>(format: Format, answer: Answer, text: (answer: Answer) => string): void {
  if (format === 'text') return print(withFittingSentences(text(inLines(answer))))
  if (format === 'json') return print(json(answer, 2))
  for (const line of isPage(answer) ? answer.items : [answer]) print(json(line))
}

/** Sentences are broken at words; what stands in columns, or is to be copied as it is, fits already or stays whole. */
function withFittingSentences(text: string): string {
  const isSentence = (line: string) => /^[A-Z\d]/.test(line) && !line.includes('  ')
  return text
    .split('\n')
    .flatMap((line) => (isSentence(line) ? wrapped(line, room()) : [line]))
    .join('\n')
}

/** JSON that is safe on a terminal: the same value, with control characters and line separators escaped. */
export function json(value: unknown, indent?: number): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value ?? null, null, indent)
    .replaceAll(/[\u2028\u2029]/g, escaped)
    .replaceAll(tricks, escaped)
}

function isPage(answer: unknown): answer is { items: readonly unknown[] } {
  return answer !== null && typeof answer === 'object' && 'items' in answer && Array.isArray(answer.items)
}

/** Names and values, aligned; null is left out. `margin`: columns before them. */
export function record(fields: readonly (readonly [name: string, value: unknown])[], margin = 0): string {
  const shown = fields.filter(([, value]) => value !== null && value !== undefined)
  const widest = Math.max(0, ...shown.map(([name]) => width(name)))
  return shown
    .map(([name, value]) => {
      const lines = wrapped(value instanceof Date ? localTime(value) : cell(value), room() - margin - widest - 2)
      return `${dim(padded(name, widest))}  ${lines.join(`\n${' '.repeat(widest + 2)}`)}`
    })
    .join('\n')
}

/** Columns of the terminal; without one there is no end. */
export function room(): number {
  return roomOf(process.stdout)
}

function roomOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number {
  return isTTY === true && columns !== undefined && columns > 0 ? columns : Number.POSITIVE_INFINITY
}

/** A command to type: after a colon to where the sentence goes on, or between quotes. */
const commands =
  /(?<=: )(?:npx denizen|denizen|npm|unset|iconv|dig|ls|jq|createdb|bin\/kc\.sh) (?:'[^']*'|"[^"]*"|(?!, |; |\. | or ).)+|"(?:npx )?denizen [^"]+"/g

/** The words of a line; a command is one word. */
function wordsOf(line: string): readonly string[] {
  const blank = '\u0000'
  return line
    .replaceAll(commands, (command) => command.replaceAll(' ', blank))
    .split(' ')
    .map((word) => word.replaceAll(blank, ' '))
}

/** The lines of a text, broken at spaces where they are too long. A word or a command that is too long stays whole, to be copied. */
export function wrapped(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((line) => {
    if (width(line) <= columns) return [line]
    const lines: string[] = []
    for (const word of wordsOf(line)) {
      const last = lines.at(-1)
      if (last === undefined || width(`${last} ${word}`) > columns) lines.push(word)
      else lines[lines.length - 1] = `${last} ${word}`
    }
    return lines
  })
}

/** A text of several lines, each after so many spaces; broken at spaces where the terminal ends. */
export function indented(text: string, spaces: number): string {
  return wrapped(text, room() - spaces)
    .map((line) => ' '.repeat(spaces) + line)
    .join('\n')
}

/** An instant in the reader's own time zone, which is said: texts of the server are in UTC. */
export function localTime(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())} ${zoneOf(date)}`
}

/** `UTC`, `+01:00` */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const away = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(away / 60))}:${two(away % 60)}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

/** The cell of what a row does not have. */
export const nothing = '-'

export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return nothing
  if (value instanceof Date) return process.stdout.isTTY ? relativeTime(value) : localTime(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? nothing : value.map(cell).join(', ')
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Control characters except line feed, and those that change the direction of text. */
const tricks = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from others must not move the cursor, change colours or reverse the line. */
export function printable(text: string): string {
  return text.replaceAll(tricks, '\uFFFD')
}

/** Text from others within a sentence of ours, which it must not end either. */
export function inLine(text: string): string {
  return printable(text).replaceAll('\n', '\uFFFD')
}

/**
 * A copy whose texts stay on their lines, as `inLine` makes them. Only descriptions may have several: they are shown by `record` and
 * `table`, which begin no line with them.
 */
export function inLines<Value>(value: Value): Value {
  return copyInLine('', value) as Value
}

function copyInLine(name: string, value: unknown): unknown {
  if (typeof value === 'string') return name === 'description' ? printable(value) : inLine(value)
  if (Array.isArray(value)) return value.map((item) => copyInLine('', item))
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [inLine(key), copyInLine(key, inner)]))
}

/** Columns on screen: East Asian characters and emoji take two, also those that are joined; combining marks none. */
export function width(text: string): number {
  return stringWidth(text)
}

const letters = new Intl.Segmenter('en')

/** Padded with spaces, or shortened. */
export function padded(text: string, columns: number): string {
  const short = columns - width(text)
  if (short >= 0) return text + ' '.repeat(short)
  const kept = [...letters.segment(text)].map(({ segment }) => segment)
  while (width(kept.join('')) > columns - 1) kept.pop()
  return `${kept.join('')}…`
}
