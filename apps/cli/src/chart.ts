import { styleText } from 'node:util'
import { dim, padded, printable, width } from './output.ts'

/** Columns of the longest bar. */
const longest = 30

/** Eighths of a column, from none to seven. */
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** Counts as bars, scaled to the largest. A count above zero is always visible. */
export function bars(counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).map(([name, count]) => ({ name: printable(name), count }))
  const most = Math.max(1, ...rows.map(({ count }) => count))
  const names = Math.max(0, ...rows.map(({ name }) => width(name)))
  const digits = Math.max(0, ...rows.map(({ count }) => String(count).length))
  return rows
    .map(({ name, count }) => `${dim(padded(name, names))}  ${String(count).padStart(digits)}  ${bar(count / most)}`.trimEnd())
    .join('\n')
}

/** A bar of `columns` characters, filled to `part`; without colours. */
export function shareBar(part: number, columns: number): string {
  const done = Math.round(Math.min(1, part) * columns)
  const [full, empty] = drawsBlocks() ? ['█', '░'] : ['#', '.']
  return full.repeat(done) + empty.repeat(columns - done)
}

function bar(share: number): string {
  if (!drawsBlocks()) return '#'.repeat(share === 0 ? 0 : Math.max(1, Math.round(share * longest)))
  const steps = share === 0 ? 0 : Math.max(1, Math.round(share * longest * 8))
  return styleText('cyan', '█'.repeat(Math.floor(steps / 8)) + (eighths[steps % 8] ?? ''), { stream: process.stdout })
}

/** Whether the terminal can show block characters: the locale is UTF-8, or unknown; then it nearly always is. */
function drawsBlocks(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env
  if (TERM === 'dumb' || TERM === 'linux') return false
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return locale === undefined || /utf-?8/i.test(locale)
}
