import { exitCodes } from './failure.ts'
import { note } from './output.ts'

/**
 * Makes Ctrl-C end the command with a line and an exit code of its own. Requests already sent may have
 * taken effect. A command that stops in its own way (`denizen serve`) listens to the signal itself.
 */
export function endAtInterruption(): void {
  process.on('SIGINT', () => {
    if (process.listenerCount('SIGINT') > 1) return
    note('\nCancelled.')
    process.exit(exitCodes.cancelled)
  })
}

/** Work in parts, which the first Ctrl-C stops between two of them, so that it can be said how far it came. */
export interface Interruptible {
  /** Whether Ctrl-C was pressed. */
  isAsked(): boolean
  end(): void
}

/** The second Ctrl-C ends the command at once; `last` says so. */
export function interruptible(last: () => void): Interruptible {
  let isAsked = false
  const listen = () => {
    if (isAsked) {
      last()
      process.exit(exitCodes.cancelled)
    }
    isAsked = true
    note('\nStopping after this part. Press Ctrl+C again to stop at once.')
  }
  process.on('SIGINT', listen)
  return { isAsked: () => isAsked, end: () => void process.off('SIGINT', listen) }
}
