import { bold, cell, dim, indented, nothing, padded, room, width } from './output.ts'

export interface Column<Row> {
  readonly title: string
  /** Never shortened, because people copy it. */
  readonly whole?: boolean
  /** Never left out, as what alone names the row, or says why it is there: where there is no room, it has lines of its own. */
  readonly kept?: boolean
  value(row: Row): unknown
}

/** What shows the columns that a table has no room for. */
const wider = 'a wider terminal or --json'

/** Columns below which text says too little. */
const narrowest = 12

/** Columns that the first one may take where there is little room; what is longer has a line of its own, and the row goes on below it. */
const widestName = 24

/** Rows under headings, aligned; shortened to fit the terminal, and without what does not fit: which that is stands below, and what shows it. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], elsewhere = wider): string {
  const shown = fitting(rows, columns, { most: room(), first: Number.POSITIVE_INFINITY })
  const rest = columns.filter((column) => !shown.columns.includes(column))
  const left = rest.filter(({ kept }) => kept !== true).map(({ title }) => title)
  const told = left.length === 0 ? [] : [dim(`No room for ${left.join(', ')}: ${elsewhere} shows them.`)]
  const below = rest.filter(({ kept }) => kept === true)
  return [tableOf(rows, shown, below), ...told].join('\n')
}

interface Fitted<Row> {
  readonly columns: readonly Column<Row>[]
  /** The first column is as wide as its widest value that is no wider than this. */
  readonly first: number
}

interface Room {
  readonly most: number
  readonly first: number
}

/**
 * Columns that fit, of which the first stays. Ids go first, before anything is shortened, because what has one mostly has a name; then long
 * names get a line of their own; then goes what no row has, then the last.
 */
function fitting<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { most, first }: Room): Fitted<Row> {
  const [name, ...rest] = columns
  const wanted = (column: Column<Row>) => widestOf(rows, column, column === name ? first : Number.POSITIVE_INFINITY)
  const least = (column: Column<Row>) =>
    column.whole === true || rows.some((row) => column.value(row) instanceof Date) ? wanted(column) : Math.min(wanted(column), narrowest)
  const id = rest.findLast(({ title, kept }) => title === 'ID' && kept !== true)
  const needed = columns.reduce((sum, column) => sum + (id === undefined ? least(column) : wanted(column)) + 2, -2)
  if (needed <= most || name === undefined || rest.length === 0) return { columns, first }
  if (id === undefined && name.whole === true && first > widestName) return fitting(rows, columns, { most, first: widestName })
  const gone =
    id ??
    rest.findLast(({ kept }) => kept === true) ??
    rest.findLast(({ value }) => rows.every((row) => cell(value(row)) === nothing)) ??
    rest.findLast(({ whole }) => whole !== true)
  if (gone === undefined) return { columns, first }
  return fitting(
    rows,
    columns.filter((column) => column !== gone),
    { most, first },
  )
}

/** Columns that the title and the values need, without those values that need more than `most`. */
function widestOf<Row>(rows: readonly Row[], { title, value }: Column<Row>, most: number): number {
  return rows.reduce((widest, row) => {
    const needed = width(cellOf(value(row)))
    return needed > most ? widest : Math.max(widest, needed)
  }, width(title))
}

/** `below` have a line of their own under each row. */
function tableOf<Row>(rows: readonly Row[], { columns, first }: Fitted<Row>, below: readonly Column<Row>[]): string {
  const widths = shortened(
    columns.map((column, index) => widestOf(rows, column, index === 0 ? first : Number.POSITIVE_INFINITY)),
    columns.map(({ whole = false }) => whole),
  )
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => padded(text, widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const under = (texts: readonly string[]) => texts.map((text) => `\n${indented(text, 2)}`).join('')
  const rowText = (row: Row) => {
    const [name = '', ...rest] = columns.map(({ value }) => cellOf(value(row)))
    const texts = width(name) > first ? `${name}\n${line(['', ...rest])}` : line([name, ...rest])
    return texts + under(below.map(({ value }) => cell(value(row))))
  }
  const heading = bold(line(columns.map(({ title }) => title))) + under(below.map(({ title }) => title))
  return [heading, ...rows.map(rowText)].join('\n')
}

function cellOf(value: unknown): string {
  return cell(value).replaceAll('\n', ' ')
}

/** Shortens the widest columns until the table fits the terminal. */
function shortened(wanted: readonly number[], whole: readonly boolean[]): readonly number[] {
  const widths = [...wanted]
  const most = room() - 2 * (widths.length - 1)
  while (widths.reduce((sum, one) => sum + one, 0) > most) {
    const widest = Math.max(...widths.filter((_, index) => whole[index] !== true))
    if (widest <= narrowest) break
    widths[widths.findIndex((one, index) => one === widest && whole[index] !== true)] = widest - 1
  }
  return widths
}
