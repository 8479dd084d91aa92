import { shellWord } from '@denizen/core/contract'
import { DenizenError } from '@denizen/core/calls'
import { Argument, Command, type OutputConfiguration } from 'commander'
import { addAliases, childNamed } from './aliases.ts'
import { addAccess } from './commands/access.ts'
import { addAuth } from './commands/auth.ts'
import { addCall } from './commands/call.ts'
import { addCompletion } from './commands/completion.ts'
import { addDoctor } from './commands/doctor.ts'
import { addFactors } from './commands/factors.ts'
import { addJobs } from './commands/jobs.ts'
import { addPasskeys } from './commands/passkeys.ts'
import { addIdentities } from './commands/identities.ts'
import { addSessions } from './commands/sessions.ts'
import { addTokens } from './commands/tokens.ts'
import { addPasswords } from './commands/passwords.ts'
import { addSignInHistory } from './commands/history.ts'
import { addImpersonation } from './commands/impersonation.ts'
import { addMigrate } from './commands/migrate.ts'
import { addOrgs } from './commands/orgs.ts'
import { addPolicies } from './commands/policies.ts'
import { addResources } from './commands/resources.ts'
import { addRoles } from './commands/roles.ts'
import { addServe } from './commands/serve.ts'
import { addSession } from './commands/session.ts'
import { addTeams } from './commands/teams.ts'
import { addUsers } from './commands/users.ts'
import { addDefaults } from './default-commands.ts'
import { exitCodes, failureOf, printFailure, usageError } from './failure.ts'
import { fittedHelp } from './help.ts'
import { denizen } from './common-options.ts'
import { withOptionsBehind } from './leading-options.ts'
import { room } from './output.ts'
import { closest } from './suggestion.ts'
import { version } from './version.ts'
import { inWordsOf } from './words.ts'

/** Runs one command line, without the program's own name. Gives the exit code. */
export async function run(typed: readonly string[]): Promise<number> {
  const program = createProgram()
  const argv = helpOfKnown(program, withOptionsBehind(program, typed))
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' })
    return Number(process.exitCode ?? exitCodes.ok)
  } catch (thrown) {
    const { place, steps, unknown } = placeIn(program, argv)
    const told = thrown instanceof DenizenError && place.name() !== 'call' ? inWordsOf(place, program, thrown) : thrown
    const failure = failureOf(told, [denizen, ...steps].join(' '), (what) =>
      what === 'option' ? optionMeant(place, argv) : commandMeant(place, unknown),
    )
    if (failure === null) return exitCodes.ok
    printFailure(failure, argv.includes('--json') || argv.includes('--ndjson'))
    return failure.exitCode
  }
}

const output: OutputConfiguration = {
  outputError: () => {}, // printed once, like all other errors
  writeOut: (text) => void process.stdout.write(fittedHelp(text, room())),
  writeErr: (text) => void process.stderr.write(fittedHelp(text, room())),
}

/** What adds the commands, in the order of the help. */
const groups: readonly ((program: Command) => void)[] = [
  addServe,
  addSession,
  addUsers,
  addOrgs,
  addTeams,
  addRoles,
  addAccess,
  addResources,
  addPolicies,
  addFactors,
  addPasskeys,
  addJobs,
  addIdentities,
  addSessions,
  addTokens,
  addPasswords,
  addSignInHistory,
  addImpersonation,
  addCall,
  addMigrate,
  addDoctor,
  addCompletion,
  addAuth,
]

/** The program with all of its commands. */
export function createProgram(): Command {
  const program = new Command('denizen')
    .description('Denizen manages the users of your applications. This command runs and operates it.')
    .version(version(), '-V, --version')
    .enablePositionalOptions() // --version of `users update` is a field, not a question about the program
    .exitOverride()
    .showSuggestionAfterError(false) // ours never proposes the opposite
    .configureOutput(output)
    .helpCommand(false)
    .addHelpText('after', help)
  for (const add of groups) add(program)
  addDefaults(program)
  addAliases(program)
  program
    .command('help')
    .description('Show the help of a command')
    .addArgument(new Argument('[command...]', 'for example: users list'))
    .action((words: readonly string[]) => commandAt(program, words).outputHelp())
  return program
}

/** The command with this name. */
function commandAt(program: Command, words: readonly string[]): Command {
  let place = program
  for (const [index, word] of words.entries()) {
    const next = childNamed(place, word)
    if (next === undefined) {
      const meant = commandMeant(place, word)
      const known = [denizen, ...words.slice(0, index)].join(' ')
      throw usageError(
        `There is no command "${words.join(' ')}".${meant === null ? '' : ` Did you mean ${meant}?`}`,
        `See the commands: ${known} --help`,
      )
    }
    place = next
  }
  return place
}

/** The help of a command that there is not is no other help, but an error that says so. */
function helpOfKnown(program: Command, argv: readonly string[]): readonly string[] {
  const { place, steps, unknown } = placeIn(program, argv)
  const asks = argv.some((word) => word === '--help' || word === '-h')
  return asks && place.commands.length > 0 && /^\w/.test(unknown) ? ['help', ...steps, unknown] : argv
}

/** The command of a command line, as far as it is known, and the word that is none. */
function placeIn(program: Command, argv: readonly string[]): { place: Command; steps: readonly string[]; unknown: string } {
  const steps: string[] = []
  let place = program
  for (const word of argv) {
    const next = childNamed(place, word)
    if (next === undefined) return { place, steps, unknown: word }
    place = next
    steps.push(next.name())
  }
  return { place, steps, unknown: '' }
}

function commandMeant(place: Command, word: string): string | null {
  return closest(
    word,
    place.commands.map((command) => command.name()),
  )
}

function optionMeant(place: Command, argv: readonly string[]): string | null {
  const known = place.options.flatMap(({ long, hidden }) => (typeof long === 'string' && !hidden ? [long] : []))
  const unknown = argv.find((word) => word.startsWith('--') && !known.includes(word.replace(/=.*$/, '')))
  return unknown === undefined ? null : (inside(unknown, known) ?? closest(unknown, known))
}

/** `--where.email=ada`, as other tools write it, is a field of the JSON of `--where`. */
function inside(unknown: string, known: readonly string[]): string | null {
  const [, flag = '', path = '', value = '…'] = /^(--[\w-]+)\.([\w.]+)(?:=(.*))?$/.exec(unknown) ?? []
  if (!known.includes(flag)) return null
  const json = path.split('.').reduceRight<unknown>((whole, field) => ({ [field]: whole }), value)
  return `${flag} ${shellWord(JSON.stringify(json))}`
}

const help = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed, 5 conflict, 6 partly done, 130 cancelled.
Environment: DENIZEN_URL, DENIZEN_TOKEN, DENIZEN_CONTEXT, DENIZEN_TIMEOUT, NO_COLOR; for the server see "denizen doctor --all".`
