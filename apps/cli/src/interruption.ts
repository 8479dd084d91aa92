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
