import { shareBar } from './chart.ts'
import { note, width } from './output.ts'

/** The progress of something that takes a while. */
export interface Progress {
  /** Shows how many are done. */
  at(done: number): void
  /** Ends the display, after success or failure. */
  end(): void
}

/** Columns of the bar. */
const barColumns = 30

/** Milliseconds between two pictures of what turns. */
const turn = 100

/** A progress bar on standard error; a line per chunk where that is no terminal. Nothing for a single chunk. */
export function progressOf(total: number, { doing, parts }: { doing: string; parts: number }): Progress {
  if (parts < 2) return { at: () => {}, end: () => {} }
  const text = (done: number) => `${doing}: ${done} of ${total}`
  const wide = barColumns + 2 + width(text(total)) <= process.stderr.columns
  if (!process.stderr.isTTY || !wide) return { at: (done) => note(text(done)), end: () => {} }
  const draw = (done: number) => redraw(`${shareBar(done / total, barColumns)}  ${text(done)}`)
  draw(0)
  return { at: draw, end: () => void process.stderr.write('\n') }
}

/**
 * Says on standard error what is waited for, with something that turns where that is a terminal.
 * It leaves the keyboard alone: Ctrl-C stays the signal that it is.
 */
export function waiting(text: string): { end(last: string): void } {
  if (!process.stderr.isTTY) {
    note(`${text} …`)
    return { end: () => {} }
  }
  const pictures = ['|', '/', '-', '\\']
  let next = 0
  const draw = () => redraw(`${pictures[next++ % pictures.length]}  ${text}`)
  draw()
  const timer = setInterval(draw, turn)
  return {
    end(last) {
      clearInterval(timer)
      redraw(`${last}\n`)
    },
  }
}

/** Writes over the line that the cursor is in. */
function redraw(line: string): void {
  process.stderr.write(`\r\u001b[K${line}`)
}
