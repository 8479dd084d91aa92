#!/usr/bin/env node
import { exitCodes } from './failure.ts'
import { endAtInterruption } from './interruption.ts'
import { run } from './program.ts'

// `denizen users list | head` is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  process.stderr.write(`error: The output cannot be written: ${error.message} (cli.outputFailed)\nnext:  Write it to another place.\n`)
  process.exit(exitCodes.failure)
})

// A terminal that was closed (SIGHUP) takes no remarks, and what is running is finished all the same.
process.stderr.on('error', () => {})

endAtInterruption()
process.exitCode = await run(process.argv.slice(2))
// A server has stopped what it could within its time: whatever is still open belongs to somebody who does not answer.
if (process.argv[2] === 'serve') setTimeout(() => process.exit(), 1000).unref()
