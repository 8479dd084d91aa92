import { signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import { addAction, carriesOut } from '../action-command.ts'
import { connected, type Connection } from '../connection.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../options.ts'
import { note, print, printAnswer, record } from '../output.ts'
import { askText, canAsk, readSecret } from '../prompts.ts'

const { factors: actions } = signatures

/** Second factors: one's own, and those of somebody who is locked out. */
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
    question: () => 'Get new recovery codes? The old ones are void at once.',
    show: ({ recoveryCodes }) => codesText(recoveryCodes),
    examples: ['factors regenerate-recovery-codes'],
  })
  addAction(factors, {
    signature: actions.disableTotp,
    question: () => 'Sign in without the authenticator app from now on? Other sessions end.',
    show: ({ sessionsEnded }) => `The authenticator app is not asked for any more. Other sessions ended: ${sessionsEnded}.`,
    examples: ['factors disable-totp', 'factors disable-totp --dry-run'],
  })
  addAction(factors, {
    signature: actions.reset,
    arguments: ['userId'],
    question: (_, [user = '']) =>
      `Remove every second factor of ${user}? Make sure that it is them who ask. They have to enrol again at their next sign-in.`,
    show: ({ totp, passkeys, sessionsEnded }) =>
      `Removed: ${totp ? 'the authenticator app, ' : ''}${passkeys} passkeys and the recovery codes. Sessions ended: ${sessionsEnded}.`,
    examples: ['factors reset ada --reason "lost the phone, called back on the known number"'],
  })
}

interface EnrolOptions extends ConnectionOptions, OutputOptions {
  readonly codeStdin?: boolean
}

/** Both halves at one go, with the picture for the app in between. */
function addEnrol(factors: Command): void {
  const command = factors.command('enrol').description('Set up an authenticator app, and get recovery codes')
  carriesOut(command, 'factors.beginTotp', 'factors.activateTotp')
  command.option('--code-stdin', 'finish what was begun: read the code that the app shows from standard input')
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', '\nExamples:\n  $ denizen factors enrol\n  $ denizen factors enrol --code-stdin < code.txt')
  command.action(async () => {
    const options = command.opts<EnrolOptions>()
    await connected(options, async (connection) => {
      if (options.codeStdin === true) return finish(connection, options, await readSecret())
      if (formatOf(options) !== 'text') return printAnswer(formatOf(options), await connection.calls.factors.beginTotp({}), () => '')
      await begin(connection)
      if (!canAsk()) return note(`Then finish it: ${denizen} factors enrol --code-stdin`)
      await finish(connection, options, await askText('The code that the app shows now', '--code-stdin'))
    })
  })
}

async function begin({ calls }: Connection): Promise<void> {
  const { uri, key } = await calls.factors.beginTotp({})
  print('Scan this with an authenticator app, or type the key into it:\n')
  print(renderUnicodeCompact(uri, { border: 2 }))
  print(`\n${record([['key', key.replaceAll(/(.{4})(?=.)/g, '$1 ')]])}\n`)
}

async function finish({ calls }: Connection, options: EnrolOptions, code: string): Promise<void> {
  const answer = await calls.factors.activateTotp({ code: code.trim() })
  printAnswer(
    formatOf(options),
    answer,
    () =>
      `The app is asked for at every sign-in from now on. Other sessions ended: ${answer.sessionsEnded}.\n\n${codesText(answer.recoveryCodes)}`,
  )
}

function codesText(codes: readonly string[]): string {
  const lines = codes.map((code) => `  ${code}`).join('\n')
  return `Recovery codes, shown this once. Each lets you in without the app, once. Print them, or keep them where your passwords are:\n\n${lines}`
}

function factorsText({ totp, passkeys, recoveryCodes, required }: OutputOf<typeof actions.list>): string {
  return record([
    ['authenticator app', totp === null ? 'none' : totp.activatedAt],
    ['passkeys', passkeys],
    ['recovery codes left', recoveryCodes],
    ['required', required],
  ])
}
