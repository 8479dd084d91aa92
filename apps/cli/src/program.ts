import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addCall } from './commands/call.ts'
import { addCompletion } from './commands/completion.ts'
import { addDoctor } from './commands/doctor.ts'
import { addMigrate } from './commands/migrate.ts'
import { addServe } from './commands/serve.ts'
import { addSession } from './commands/session.ts'
import { addUsers } from './commands/users.ts'
import { exitCodes, failureOf } from './failure.ts'
import { printFailure } from './output.ts'

/** Runs one command line, without the program's own name. Gives the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  endWithTheReader()
  try {
    await createProgram().parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? exitCodes.ok)
  } catch (thrown) {
    const failure = failureOf(thrown)
    if (failure === null) return exitCodes.ok
    printFailure(failure, argv.includes('--json') || argv.includes('--ndjson'))
    return failure.exitCode
  }
}

function createProgram(): Command {
  const program = new Command('denizen')
    .description('Denizen keeps the users of your applications: run it, and operate it.')
    .version(version(), '-V, --version')
    .enablePositionalOptions() // the --version of `users update` is a field, not a question to the program
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // told once, with everything else that can go wrong
    .helpCommand('help [command]', 'Show the help of a command')
    .addHelpText('after', help)
  addServe(program)
  addSession(program)
  addUsers(program)
  addCall(program)
  addMigrate(program)
  addDoctor(program)
  addCompletion(program)
  return program.action(() => program.outputHelp())
}

const help = `
Exit codes: 0 done, 1 failed, 2 not understood, 3 not found, 4 not allowed, 5 conflict, 6 done in part.
Environment: DENIZEN_URL, DENIZEN_TOKEN, NO_COLOR; for the server see "denizen doctor".`

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}

/** `denizen users list | head` is no failure. */
function endWithTheReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    throw error
  })
}
