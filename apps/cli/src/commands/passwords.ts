import { DenizenError, type Calls } from '@denizen/core/calls'
import { shellWord, signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, runsActions } from '../action-command.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { tokenIn, viewedPasswordLink } from '../mailed-links.ts'
import { localTime, printAnswer } from '../output.ts'
import { askedAgainAfter, askNewSecret, askSecret, leastLength, readSecret } from '../prompts.ts'

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

/** After these only another new password is asked for: the old one was right. */
const weak = ['passwords.tooShort', 'passwords.tooCommon', 'passwords.tooPersonal', 'passwords.reused']

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
    const answer = await connected(options, async ({ calls }) => {
      const change = (old: string, newPassword: string) =>
        withOldPassword(calls, old, () => calls.auth.changePassword({ newPassword, ...(old !== '' && { oldPassword: old }) }))
      if (options.stdin === true) return change(...(await piped('Old password')))
      const old = await askSecret('Old password', '--stdin')
      return askedAgainAfter(weak, async () => change(old, await askNewSecret('New password', '--stdin')))
    })
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
      const [typed, password] = options.stdin === true ? await piped(link) : await askedForLink(calls)
      if (options.stdin === true) await viewedPasswordLink(calls, typed)
      return calls.auth.resetPassword({ token: tokenIn(typed), password })
    })
    printAnswer(
      formatOf(options),
      answer,
      ({ username }) => `The password is set. Sign in as ${username}: ${denizen} login --username ${shellWord(username)}`,
    )
  })
}

/** A known secret and a new password, from standard input. */
async function piped(known: string): Promise<readonly [string, string]> {
  const lines = (await readSecret()).split(/\r?\n/)
  const [first, second] = lines
  if (lines.length !== 2 || first === undefined || second === undefined)
    throw usageError(`Standard input has to hold 2 lines: ${known.toLowerCase()}, then new password.`)
  return [first, second]
}

/** Nobody has to think of a password for a link that is over or for something else, or of one that is too short. */
async function askedForLink(calls: Calls): Promise<readonly [string, string]> {
  const typed = await askSecret(link, '--stdin')
  const { minimumPasswordLength } = await viewedPasswordLink(calls, typed)
  return [typed, await askNewSecret(`New password (${leastLength(minimumPasswordLength)})`, '--stdin')]
}

const link = 'The link, or its token'
