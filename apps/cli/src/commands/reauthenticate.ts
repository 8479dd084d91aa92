import { signatures, type OutputOf, type Signatures } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { addConnectionOptions, addOutputOptions, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { localTime, printAnswer } from '../output.ts'
import { readSecret } from '../prompts.ts'
import { factorOf, reauthenticated } from '../reauthentication.ts'

interface Options extends ConnectionOptions, OutputOptions {
  readonly passwordStdin?: boolean
  readonly codeStdin?: boolean
}

/** Reauthentication: before sensitive changes, a session has to authenticate again if it has not done so recently. */
export function addReauthenticate(program: Command): void {
  const command = runsActions(program.command('reauthenticate').description(signatures.auth.reauthenticate.summary), 'auth.reauthenticate')
  command
    .option('--password-stdin', 'read the password from standard input')
    .addOption(new Option('--code-stdin', 'read the code of a second factor from standard input').conflicts('passwordStdin'))
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', '\nExamples:\n  $ denizen reauthenticate\n  $ denizen reauthenticate --password-stdin < password.txt')
  command.action(async () => {
    const options = command.opts<Options>()
    const answer = await connected(options, ({ calls }) => reauthenticate(calls, options))
    if (answer.status !== 'proved') throw new TypeError('The reauthentication did not finish.')
    const { provedUntil } = answer
    printAnswer(formatOf(options), answer, () => `Sensitive changes are allowed until ${localTime(provedUntil)}.`)
  })
}

async function reauthenticate(
  calls: Connection['calls'],
  { passwordStdin, codeStdin }: Options,
): Promise<OutputOf<Signatures['auth']['reauthenticate']>> {
  if (passwordStdin === true) return calls.auth.reauthenticate({ password: await readSecret() })
  return codeStdin === true ? calls.auth.reauthenticate(factorOf(await readSecret())) : reauthenticated(calls)
}
