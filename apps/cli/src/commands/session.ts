import { completed } from '@denizen/core'
import { DenizenError } from '@denizen/core/calls'
import { signatures } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { connected, explained, remote, serverUrl } from '../connection.ts'
import { usageError } from '../failure.ts'
import { forgetLogin, loginFile, prepareLogin, readLogin, writeLogin, type Login } from '../login-store.ts'
import { addConnectionOptions, addOutputOptions, formatOf, type ConnectionOptions, type OutputOptions } from '../options.ts'
import { localTime, note, printAnswer, record } from '../output.ts'
import { askSecret, askText, readSecret } from '../prompts.ts'

interface LoginOptions extends OutputOptions {
  readonly url?: string
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly debug?: boolean
}

/** Signing in at a server, out again, and saying who one is. */
export function addSession(program: Command): void {
  addLogin(program)
  addLogout(program)
  addWhoAmI(program)
}

function addLogin(program: Command): void {
  const command = program.command('login').description('Sign in to a server, and stay signed in on this machine')
  command
    .option('--url <url>', 'the server')
    .option('--username <name>', 'your username or email address')
    .option('--password-stdin', 'read the password from standard input')
    .addOption(new Option('--password [value]').hideHelp().argParser(refusePassword))
    .option('--debug', 'show requests with their times')
  addOutputOptions(command)
  command.addHelpText(
    'after',
    `\nThe token is kept in ${loginFile()}, for your eyes only.\n\nExamples:\n  $ denizen login --username superadmin\n  $ denizen login --url https://users.example.org --username ada --password-stdin < password.txt`,
  )
  command.action(() => login(command.opts<LoginOptions>()))
}

function refusePassword(): never {
  throw usageError(
    'A password never stands on the command line, where others can read it.',
    'Leave it out to be asked, or pipe it in with --password-stdin.',
  )
}

async function login(options: LoginOptions): Promise<void> {
  const url = await serverUrl(options.url)
  warnAboutPlainHttp(url)
  await prepareLogin()
  const identifier = options.username ?? (await askText('Username or email address', '--username'))
  const password = options.passwordStdin === true ? await readSecret() : await askSecret('Password', '--password-stdin')
  const signedIn = await signIn(url, identifier, password, options.debug ?? false)
  const { user, session, accessToken, pendingSteps } = completed(signedIn)
  await writeLogin({ url, token: accessToken, username: user.username })
  printAnswer(
    formatOf(options),
    { url, user, session, pendingSteps },
    () => `Signed in to ${url} as ${user.username} until ${localTime(session.expiresAt)}.`,
  )
  if (pendingSteps.length > 0) note(`Before anything else this account has to: ${pendingSteps.join(', ')}.`)
}

async function signIn(url: string, identifier: string, password: string, debug: boolean) {
  const { calls } = await remote(url, null, debug)
  try {
    return await calls.auth.signIn({ identifier, password })
  } catch (error) {
    throw error instanceof DenizenError ? explained(error, url) : error
  }
}

function warnAboutPlainHttp(url: string): void {
  const { protocol, hostname } = new URL(url)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol === 'http:' && !isHere) note(`warning: ${url} is not encrypted. Everybody on the way can read the password.`)
}

function addLogout(program: Command): void {
  const command = program.command('logout').description('End the session, and forget it here')
  addOutputOptions(command)
  command.action(() => logout(command.opts<OutputOptions>()))
}

async function logout(options: OutputOptions): Promise<void> {
  const login = await knownLogin()
  if (login === null) return printAnswer(formatOf(options), { signedOut: false }, () => 'You were not signed in.')
  const { calls } = await remote(login.url, login.token, false)
  try {
    await calls.auth.signOut()
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    // Forgotten here all the same: somebody wants to leave this machine.
    if (error.kind !== 'unauthenticated')
      note(`warning: the session at ${login.url} could not be ended, and lasts until it expires: ${error.message}`)
  } finally {
    await forgetLogin()
  }
  printAnswer(formatOf(options), { signedOut: true, url: login.url }, () => `Signed out of ${login.url}.`)
}

/** A file that cannot be read holds no login; it is forgotten like one. */
async function knownLogin(): Promise<Login | null> {
  try {
    return await readLogin()
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    note(`warning: ${error.message} It is removed; a session that was in it lasts until it expires.`)
    await forgetLogin()
    return null
  }
}

function addWhoAmI(program: Command): void {
  const command = program.command('whoami').description(signatures.sessions.whoami.summary)
  addOutputOptions(addConnectionOptions(command))
  command.action(async () => {
    const options = command.opts<ConnectionOptions & OutputOptions>()
    await connected(options, async ({ calls, url }) => {
      const answer = await calls.sessions.whoami()
      const { user, session, organization, roles } = answer
      printAnswer(formatOf(options), answer, () =>
        record([
          ['server', url],
          ['username', user.username],
          ['email', user.email],
          ['name', user.displayName],
          ['status', user.status],
          ['roles', roles],
          ['organization', organization?.slug],
          ['assurance', session?.assurance],
          ['session until', session?.expiresAt],
        ]),
      )
    })
  })
}
