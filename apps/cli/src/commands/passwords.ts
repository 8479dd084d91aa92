import { DenizenError, type Calls } from '@denizen/core/calls'
import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, runsActions } from '../action-command.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { shellWord } from '../next-steps.ts'
import { localTime, printAnswer } from '../output.ts'
import { askNewSecret, askSecret, readSecret } from '../prompts.ts'

const { auth: actions } = signatures

/** Changing your password, and sending others a link to choose theirs. */
export function addPasswords(program: Command): void {
  const passwords = program.command('password').description('Change your password, or reset a forgotten one')
  addChange(passwords)
  addReset(passwords)
  const users = program.commands.find((command) => command.name() === 'users')
  if (users === undefined) throw new TypeError('The users commands must be added first.')
  addAction(users, {
    signature: actions.sendSetupLink,
    arguments: ['userId'],
    show: ({ expiresAt }, { local, database }) =>
      local === true || database !== undefined
        ? `A link to choose a password is sent to the user's address as soon as a server runs on this database. It works once, until ${localTime(expiresAt)}.`
        : `A link to choose a password was sent to the user's address. It works once, until ${localTime(expiresAt)}.`,
    examples: ['users send-setup-link ada', 'users send-setup-link ada --dry-run'],
  })
}

type Options = ConnectionOptions & OutputOptions & { readonly stdin?: boolean }

function addChange(passwords: Command): void {
  const command = runsActions(passwords.command('change').description(actions.changePassword.summary), actions.changePassword.name)
  command.option(
    '--stdin',
    'read the old and the new password from standard input, one a line; leave the first line empty if you have none yet',
  )
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', '\nExamples:\n  $ denizen password change\n  $ denizen password change --stdin < two-lines.txt')
  command.action(async () => {
    const options = command.opts<Options>()
    const [old, chosen] = await pair(options, 'Old password', 'New password')
    const input = { newPassword: chosen, ...(old !== '' && { oldPassword: old }) }
    const answer = await connected(options, ({ calls }) => withOldPassword(calls, old, () => calls.auth.changePassword(input)))
    printAnswer(formatOf(options), answer, () => `Your password is changed. Other sessions that ended: ${answer.sessionsEnded}.`)
  })
}

/** If the session has not authenticated recently, reauthenticates with the old password and tries again. */
async function withOldPassword<T>(calls: Calls, password: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== 'auth.freshProofRequired' || password === '') throw error
    await calls.auth.reauthenticate({ password })
    return work()
  }
}

function addReset(passwords: Command): void {
  addAction(passwords, {
    signature: actions.requestPasswordReset,
    name: 'forgot',
    arguments: ['email'],
    show: ({ expiresAt }) =>
      `If there is an account with this address, a link was sent that works until ${localTime(expiresAt)}. Follow it, or: ${denizen} password reset`,
    examples: ['password forgot ada@example.org'],
  })
  const command = runsActions(passwords.command('reset').description(actions.resetPassword.summary), actions.resetPassword.name)
  command.option('--stdin', 'read the token of the link and the new password from standard input, one a line')
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', '\nExamples:\n  $ denizen password reset\n  $ denizen password reset --stdin < two-lines.txt')
  command.action(async () => {
    const options = command.opts<Options>()
    const answer = await connected(options, async ({ calls }) => {
      // Nobody has to think of a password for a link that is over.
      const works = async (link: string) => void (await calls.auth.viewVerification({ token: tokenIn(link) }))
      const [typed, password] = await pair(options, 'The link, or its token', 'New password', works)
      return calls.auth.resetPassword({ token: tokenIn(typed), password })
    })
    printAnswer(
      formatOf(options),
      answer,
      () => `The password is set. Sign in as ${answer.username}: ${denizen} login --username ${shellWord(answer.username)}`,
    )
  })
}

/** The token, also if the whole link was entered. */
function tokenIn(typed: string): string {
  const text = typed.trim()
  return URL.canParse(text) ? (new URL(text).searchParams.get('token') ?? text) : text
}

/** Two secrets, a known one and a new password: both typed at a prompt, or both from standard input. */
async function pair(
  { stdin }: Options,
  known: string,
  chosen: string,
  checked: (known: string) => Promise<void> = async () => {},
): Promise<readonly [string, string]> {
  if (stdin !== true) {
    const first = await askSecret(known, '--stdin')
    await checked(first)
    return [first, await askNewSecret(chosen, '--stdin')]
  }
  const lines = (await readSecret()).split(/\r?\n/)
  const [first, second] = lines
  if (lines.length !== 2 || first === undefined || second === undefined)
    throw usageError(`Standard input has to hold 2 lines: ${known.toLowerCase()}, then ${chosen.toLowerCase()}.`)
  return [first, second]
}
