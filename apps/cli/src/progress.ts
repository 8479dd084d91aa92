import { note } from './output.ts'

/** How far something is that takes a while. */
export interface Progress {
  /** So many are done. */
  at(done: number): void
  /** Nothing more is to come, well or not. */
  end(): void
}

/** Columns that the bar and its words need: a line that wraps cannot be drawn over. */
const narrowest = 72

/** A bar on a terminal, on standard error; where nobody watches, a line now and then for the log. Small work says nothing. */
export async function progressOf(total: number, { doing, parts }: { doing: string; parts: number }): Promise<Progress> {
  if (parts < 2) return { at: () => {}, end: () => {} }
  if (!process.stderr.isTTY || process.stderr.columns < narrowest)
    return { at: (done) => note(`${doing}: ${done} of ${total}`), end: () => {} }
  const { progress } = await import('@clack/prompts')
  const bar = progress({ max: total, size: 30, style: 'block', output: process.stderr })
  let before = 0
  bar.start(`${doing}: 0 of ${total}`)
  return {
    at(done) {
      bar.advance(done - before, `${doing}: ${done} of ${total}`)
      before = done
    },
    end: () => bar.stop(`${doing}: ${before} of ${total}`),
  }
}
