import { styleText } from 'node:util'

/** Text for people, JSON, or JSON with one item a line. */
export type Format = 'text' | 'json' | 'ndjson'

export interface Column<Row> {
  readonly title: string
  /** Never shortened, because people copy it. */
  readonly whole?: boolean
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

/** Prints a remark on standard error, because it is not part of the answer. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Prints an answer in the given format; `ndjson` prints each item of a page. */
export function printAnswer(format: Format, answer: unknown, text: () => string): void {
  if (format === 'text') return print(text())
  if (format === 'json') return print(json(answer, 2))
  for (const line of isPage(answer) ? answer.items : [answer]) print(json(line))
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

/** Rows under headings, aligned; shortened to fit the terminal. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
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
  return [bold(line(titles)), ...cells.map(line)].join('\n')
}

/** Names and values, aligned; null is left out. */
export function record(fields: readonly (readonly [name: string, value: unknown])[]): string {
  const shown = fields.filter(([, value]) => value !== null && value !== undefined)
  const widest = Math.max(0, ...shown.map(([name]) => width(name)))
  return shown
    .map(([name, value]) => `${dim(padded(name, widest))}  ${cell(value).replaceAll('\n', `\n${' '.repeat(widest + 2)}`)}`)
    .join('\n')
}

/** An instant in the reader's own time zone. */
export function localTime(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (value instanceof Date) return localTime(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ')
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Control characters except line feed, and those that change the direction of text. */
const tricks = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from others must not move the cursor, change colours or reverse the line. */
export function printable(text: string): string {
  return text.replaceAll(tricks, '\uFFFD')
}

/** Columns on screen: East Asian characters and emoji take two, combining marks none. */
export function width(text: string): number {
  let columns = 0
  for (const character of text)
    columns += /\p{M}/u.test(character)
      ? 0
      : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Extended_Pictographic}/u.test(character)
        ? 2
        : 1
  return columns
}

/** Padded with spaces, or shortened. */
export function padded(text: string, columns: number): string {
  const short = columns - width(text)
  if (short >= 0) return text + ' '.repeat(short)
  const kept = [...text]
  while (width(kept.join('')) > columns - 1) kept.pop()
  return `${kept.join('')}…`
}

/** Shortens the widest columns until the table fits the terminal. */
function fitted(wanted: readonly number[], whole: readonly boolean[]): readonly number[] {
  const widths = [...wanted]
  const { isTTY, columns } = process.stdout
  const room = isTTY && columns > 0 ? columns - 2 * (widths.length - 1) : Number.POSITIVE_INFINITY
  while (widths.reduce((sum, one) => sum + one, 0) > room) {
    const widest = Math.max(...widths.filter((_, index) => whole[index] !== true))
    if (widest <= 12) break
    widths[widths.findIndex((one, index) => one === widest && whole[index] !== true)] = widest - 1
  }
  return widths
}
