import { DenizenError } from '@denizen/core/calls'
import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import { addAction, runsActions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { inLine, note, print, printAnswer, record } from '../output.ts'
import { askedAgainAfter, askText, canAsk, readSecret } from '../prompts.ts'
import { withReauthentication } from '../reauthentication.ts'

const { factors: actions } = signatures

/** Second factors: your own, and those of somebody who is locked out. */
export function addFactors(program: Command): void {
  const factors = program.command('factors').description('Set up a second factor, or remove one')
  addEnrol(factors)
  addAction(factors, {
    signature: actions.list,
    arguments: [{ field: 'userId', optional: true }],
    show: factorsText,
    examples: ['factors list', 'factors list ada --json'],
  })
  addAction(factors, {
    signature: actions.regenerateRecoveryCodes,
    // Before anybody is asked for anything.
    async prepare({ calls }, _, { dryRun }) {
      if (dryRun === true) return
      const { totp, passkeys } = await calls.factors.list({})
      if (totp === null && passkeys === 0)
        throw new DenizenError('factors.none', 'conflict', 'There is no second factor yet, and so no recovery codes.')
    },
    confirmation: () => 'Get new recovery codes? The old ones stop working at once.',
    show: ({ recoveryCodes }) => codesText(recoveryCodes),
    examples: ['factors regenerate-recovery-codes'],
  })
  addAction(factors, {
    signature: actions.disableTotp,
    confirmation: () => 'Disable the authenticator app? You are no longer asked for its codes, and your other sessions end.',
    show: ({ sessionsEnded }) => `The authenticator app is disabled. Other sessions ended: ${sessionsEnded}.`,
    examples: ['factors disable-totp', 'factors disable-totp --dry-run'],
  })
  addAction(factors, {
    signature: actions.reset,
    arguments: ['userId'],
    confirmation: (_, [user = '']) =>
      `Remove every second factor of ${user}? Make sure that the request comes from them. They have to enrol again at their next sign-in.`,
    show: ({ totp, passkeys, sessionsEnded }) =>
      `Removed: ${totp ? 'the authenticator app, ' : ''}${counted(passkeys, 'passkey')} and the recovery codes. Sessions ended: ${sessionsEnded}.`,
    examples: ['factors reset ada --reason "lost the phone, called back on the known number"'],
  })
}

interface EnrolOptions extends ConnectionOptions, OutputOptions {
  readonly codeStdin?: boolean
}

/** Begins and finishes enrolment in one command, with the QR code in between. */
function addEnrol(factors: Command): void {
  const command = factors.command('enrol').description('Set up an authenticator app, and get recovery codes')
  runsActions(command, 'factors.beginTotp', 'factors.activateTotp')
  command.option('--code-stdin', 'finish: read the code that the app shows from standard input')
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', '\nExamples:\n  $ denizen factors enrol\n  $ denizen factors enrol --code-stdin < code.txt')
  command.action(async () => {
    const options = command.opts<EnrolOptions>()
    await connected(options, async (connection) => {
      if (options.codeStdin === true) return finish(connection, options, await readSecret())
      if (formatOf(options) !== 'text') return printAnswer(formatOf(options), await connection.calls.factors.beginTotp({}), () => '')
      await begin(connection)
      if (!canAsk()) return note(`Then finish with: ${denizen} factors enrol --code-stdin`)
      await askedAgainAfter(['factors.wrongCode'], async () =>
        finish(connection, options, await askText('The code that the app shows now', '--code-stdin')),
      )
    })
  })
}

async function begin(connection: Connection): Promise<void> {
  const { uri, key } = await withReauthentication(connection, () => connection.calls.factors.beginTotp({}))
  print('Scan this with an authenticator app, or enter the key:\n')
  print(renderUnicodeCompact(uri, { border: 2 }))
  print(`\n${record([['key', inLine(key).replaceAll(/(.{4})(?=.)/g, '$1 ')]])}\n`)
}

async function finish(connection: Connection, options: EnrolOptions, code: string): Promise<void> {
  const answer = await withReauthentication(connection, () => connection.calls.factors.activateTotp({ code: code.trim() }))
  printAnswer(
    formatOf(options),
    answer,
    ({ sessionsEnded, recoveryCodes }) =>
      `You are asked for the app at every sign-in from now on. Other sessions ended: ${sessionsEnded}.\n\n${codesText(recoveryCodes)}`,
  )
}

function codesText(codes: readonly string[]): string {
  const lines = codes.map((code) => `  ${code}`).join('\n')
  return `Recovery codes, shown only once. Each signs you in once without the app. Print them, or keep them with your passwords:\n\n${lines}`
}

function factorsText({ totp, passkeys, recoveryCodes, required }: OutputOf<typeof actions.list>): string {
  return record([
    ['authenticator app', totp === null ? 'none' : totp.activatedAt],
    ['passkeys', passkeys],
    ['recovery codes left', recoveryCodes],
    ['required', required],
  ])
}
