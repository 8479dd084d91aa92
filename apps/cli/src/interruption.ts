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

/** Work in parts, which the first signal to stop (Ctrl-C, SIGTERM, a terminal that is closed) stops between two of them, so that it can be said how far it came. */
export interface Interruptible {
  /** Whether it was asked to stop. */
  isAsked(): boolean
  end(): void
}

/**
 * Milliseconds. One Ctrl-C may come twice: the terminal tells every process of a command line, and one that started this (`timeout`, npm,
 * `bin/denizen.js` under an old Node with a pipe as its input) cannot know that, and passes it on. So may one SIGTERM: systemd tells every
 * process of a unit. Nobody asks twice so fast.
 */
const echo = 500

/** Tells the signals that ask to stop apart, each when it comes. */
export function stopsAsked(): () => 'first' | 'again' | 'echo' {
  let first: number | null = null
  return () => {
    if (first !== null) return performance.now() - first < echo ? 'echo' : 'again'
    first = performance.now()
    return 'first'
  }
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The second signal ends the command at once; `last` says so. */
export function interruptible({ isLastPart, last }: { isLastPart(): boolean; last(): void }): Interruptible {
  const asked = stopsAsked()
  let isAsked = false
  const listen = () => {
    const which = asked()
    if (which === 'echo') return
    if (which === 'again') {
      last()
      process.exit(exitCodes.cancelled)
    }
    isAsked = true
    note(`\n${isLastPart() ? 'This is the last part.' : 'Stopping after this part.'} Press Ctrl+C again to stop at once.`)
  }
  for (const signal of stopSignals) process.on(signal, listen)
  return {
    isAsked: () => isAsked,
    end() {
      for (const signal of stopSignals) process.off(signal, listen)
    },
  }
}
