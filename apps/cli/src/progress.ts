import { note } from './output.ts'

/** The progress of something that takes a while. */
export interface Progress {
  /** Shows how many are done. */
  at(done: number): void
  /** Ends the display, after success or failure. */
  end(): void
}

/** Columns that the bar and its words need: a line that wraps cannot be drawn over. */
const narrowest = 72

/** A progress bar on standard error; a line per chunk where that is no terminal. Nothing for a single chunk. */
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
