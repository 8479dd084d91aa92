import { styleText } from 'node:util'
import stringWidth from 'fast-string-width'
import { relativeTime } from './relative-time.ts'

/** Text for people, JSON, or JSON with one item a line. */
export type Format = 'text' | 'json' | 'ndjson'

export interface Column<Row> {
  readonly title: string
  /** Never shortened, because people copy it. */
  readonly whole?: boolean
  /** Never left out, as what alone names the row, or says why it is there: where there is no room, it has lines of its own. */
  readonly kept?: boolean
  value(row: Row): unknown
}

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

/** What shows the columns that a table has no room for. */
const wider = 'a wider terminal or --json'

/** Rows under headings, aligned; shortened to fit the terminal, and without what does not fit: which that is stands below, and what shows it. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], elsewhere = wider): string {
  const shown = fitting(rows, columns, room())
  const rest = columns.filter((column) => !shown.includes(column))
  const left = rest.filter(({ kept }) => kept !== true).map(({ title }) => title)
  const told = left.length === 0 ? [] : [dim(`No room for ${left.join(', ')}: ${elsewhere} shows them.`)]
  const below = rest.filter(({ kept }) => kept === true)
  return [tableOf(rows, shown, below), ...told].join('\n')
}

/**
 * Columns that fit, of which the first stays. Ids go first, before anything is shortened, because what has one mostly has a name; then what
 * no row has, then the last.
 */
function fitting<Row>(rows: readonly Row[], columns: readonly Column<Row>[], most: number): readonly Column<Row>[] {
  const wanted = ({ title, value }: Column<Row>) => rows.reduce((most, row) => Math.max(most, width(cell(value(row)))), width(title))
  const least = (column: Column<Row>) =>
    column.whole === true || rows.some((row) => column.value(row) instanceof Date) ? wanted(column) : Math.min(wanted(column), narrowest)
  const [, ...rest] = columns
  const id = rest.findLast(({ title, kept }) => title === 'ID' && kept !== true)
  const needed = columns.reduce((sum, column) => sum + (id === undefined ? least(column) : wanted(column)) + 2, -2)
  if (needed <= most || columns.length === 1) return columns
  const gone =
    id ??
    rest.findLast(({ kept }) => kept === true) ??
    rest.findLast(({ value }) => rows.every((row) => cell(value(row)) === nothing)) ??
    rest.findLast(({ whole }) => whole !== true)
  if (gone === undefined) return columns
  return fitting(
    rows,
    columns.filter((column) => column !== gone),
    most,
  )
}

/** Columns below which text says too little. */
const narrowest = 12

/** `below` have a line of their own under each row. */
function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[], below: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => cell(value(row)).replaceAll('\n', ' ')))
  const titles = columns.map(({ title }) => title)
  const wanted = titles.map((title, index) => cells.reduce((most, row) => Math.max(most, width(row[index] ?? '')), width(title)))
  const widths = fitted(
    wanted,
    columns.map(({ whole = false }) => whole),
  )
  const line = (row: readonly string[]) =>
    row
      .map((text, index) => padded(text, widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const under = (texts: readonly string[]) => texts.map((text) => `\n${indented(text, 2)}`).join('')
  const heading = bold(line(titles)) + under(below.map(({ title }) => title))
  return [heading, ...rows.map((row, index) => line(cells[index] ?? []) + under(below.map(({ value }) => cell(value(row)))))].join('\n')
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
const nothing = '-'

function cell(value: unknown): string {
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

/** Shortens the widest columns until the table fits the terminal. */
function fitted(wanted: readonly number[], whole: readonly boolean[]): readonly number[] {
  const widths = [...wanted]
  const most = room() - 2 * (widths.length - 1)
  while (widths.reduce((sum, one) => sum + one, 0) > most) {
    const widest = Math.max(...widths.filter((_, index) => whole[index] !== true))
    if (widest <= narrowest) break
    widths[widths.findIndex((one, index) => one === widest && whole[index] !== true)] = widest - 1
  }
  return widths
}
