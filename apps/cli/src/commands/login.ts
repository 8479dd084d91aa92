import { DenizenError } from '@denizen/core/calls'
import type { FactorRequired, SignedIn } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { withNextStep, remote, serverUrl } from '../connection.ts'
import { usageError } from '../failure.ts'
import { defaultContext, lastUrl, loginFile, loginOf, prepareLogin, readLogin, useContext, writeLogin } from '../login-store.ts'
import { contextOf } from '../contexts.ts'
import { addOutputOptions, denizen, formatOf, type OutputOptions } from '../common-options.ts'
import { labelled, localTime, note, printAnswer } from '../output.ts'
import { askedAgainAfter, askSecret, askText, readSecret } from '../prompts.ts'
import { factorOf } from '../reauthentication.ts'
import { signInByDevice } from './device-login.ts'
import { inWords } from '../value-words.ts'

interface LoginOptions extends OutputOptions {
  readonly url?: string
  readonly context?: string
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly codeStdin?: boolean
  readonly browser: boolean
  readonly debug?: boolean
}

const examples = `
Without --username you approve the sign-in in a browser, on this machine or another, in whichever way you sign in there.

Examples:
  $ denizen login
  $ denizen login --url https://users.example.org --no-browser
  $ denizen login --context production --url https://users.example.org
  $ denizen login --username ada
  $ denizen login --url https://users.example.org --username ada --password-stdin < password.txt
  $ printf '%s\\n%s\\n' "$PASSWORD" "$CODE" | denizen login --username ada --code-stdin`

export function addLogin(program: Command): void {
  const command = program.command('login').description('Sign in to a server, and stay signed in on this machine')
  runsActions(command, 'auth.signIn', 'auth.completeSignIn', 'auth.startDeviceLogin', 'auth.pollDeviceLogin')
  command
    .option('--url <url>', 'the server')
    .option('--context <name>', 'keep the login under this name, beside others (default: DENIZEN_CONTEXT, or default)')
    .option('--no-browser', 'do not open a browser, only print where to approve')
    .option('--username <name>', 'sign in with this username or email address and a password')
    .option('--password-stdin', 'read the password from standard input')
    .addOption(
      new Option('--code-stdin', 'read the password and, on a second line, the code of a second factor').conflicts('passwordStdin'),
    )
    .addOption(new Option('--password [value]').hideHelp().argParser(refusePassword))
    .option('--debug', 'show requests with their times')
  addOutputOptions(command)
  command.addHelpText(
    'after',
    `\nThe tokens are saved in ${loginFile()}, readable only by you, and refreshed as you use them.\nWith --context several are kept; the last login is the one in use until "denizen context use" says otherwise.\n${examples}`,
  )
  command.action(() => login(command.opts<LoginOptions>()))
}

function refusePassword(): never {
  throw usageError(
    'A password does not belong on the command line, where others can read it.',
    'Leave it out to be asked, or pipe it in with --password-stdin.',
  )
}

async function login(options: LoginOptions): Promise<void> {
  const { url, context } = await serverAndContextOf(options)
  warnAboutPlainHttp(url)
  await prepareLogin(context)
  const connection = await remote(url, null, options.debug ?? false)
  const signedIn = await signIn(connection, options).catch(async (error: unknown) => {
    throw error instanceof DenizenError ? withNextStep(error, url, { identifier: options.username, inUse: await loginInUse() }) : error
  })
  await writeLogin(context, loginOf(url, signedIn))
  await useContext(context)
  if (process.env['DENIZEN_TOKEN'] !== undefined)
    labelled('warning', 'DENIZEN_TOKEN is set and takes precedence over this login. To use the login: unset DENIZEN_TOKEN')
  const { user, session, pendingSteps } = signedIn
  printAnswer(
    formatOf(options),
    { url, context, user, session, pendingSteps },
    (shown) => `Signed in to ${url} as ${shown.user.username} until ${localTime(session.expiresAt)}.${inContext(context)}`,
  )
  if (pendingSteps.length === 0) return
  note(`Before anything else, this account has to: ${pendingSteps.map(inWords).join(', ')}.`)
  for (const step of pendingSteps) labelled('next', whatToDo[step])
}

/** Where to sign in, and under which name it is kept: without one, that of the login in use if it is for the same server. */
async function serverAndContextOf(options: LoginOptions): Promise<{ readonly url: string; readonly context: string }> {
  const named = await contextOf(options.context)
  const url = await serverUrl(options.url, named)
  if (named.namedBy !== null) return { url, context: named.name }
  const before = await lastUrl(named.name)
  return { url, context: before !== null && new URL(before).origin === new URL(url).origin ? named.name : defaultContext }
}

/** As whom the next command would run, which may be somebody else than who signs in here; undefined: nobody. */
async function loginInUse(): Promise<string | undefined> {
  const { name } = await contextOf(undefined)
  const login = await readLogin(name)
  return login === null ? undefined : `${login.username} (context ${name})`
}

function inContext(context: string): string {
  return context === defaultContext ? '' : ` The context ${context} is in use now.`
}

/** What to do for each pending step. */
const whatToDo: Readonly<Record<SignedIn['pendingSteps'][number], string>> = {
  changePassword: `Choose a new password: ${denizen} password change`,
  verifyEmail: `Request an email and follow its link: ${denizen} auth request-email-verification`,
  enrolFactor: `Set up an authenticator app: ${denizen} factors enrol`,
}

function signIn(connection: Connection, options: LoginOptions): Promise<SignedIn> {
  const { username, passwordStdin = false, codeStdin = false, browser } = options
  const byPassword = username !== undefined || passwordStdin || codeStdin
  return byPassword ? signInByPassword(connection, options) : signInByDevice(connection, browser)
}

async function signInByPassword({ calls }: Connection, { username, passwordStdin, codeStdin }: LoginOptions): Promise<SignedIn> {
  if (passwordStdin !== true && codeStdin !== true) await requireServer(calls)
  const identifier = username ?? (await askText('Username or email address', '--username'))
  const piped = passwordStdin === true || codeStdin === true ? await readSecret() : null
  const { password, code } = codeStdin === true ? inTwoLines(piped ?? '') : { password: piped, code: null }
  const answer = await calls.auth.signIn({ identifier, password: password ?? (await askSecret('Password', '--password-stdin')) })
  return answer.status === 'signedIn' ? answer : complete(calls, answer, code)
}

/** Nobody has to type a password to learn that no server is there. */
async function requireServer(calls: Connection['calls']): Promise<void> {
  await calls.sessions.whoami().catch((error: unknown) => {
    if (!(error instanceof DenizenError) || error.code !== 'request.unauthenticated') throw error
  })
}

/** A password may hold line breaks, a code does not: the last line is the code. */
function inTwoLines(text: string): { password: string; code: string } {
  const [, password = '', code = ''] = /^([^]*)\r?\n([^\r\n]*)$/.exec(text) ?? []
  if (password === '' || code === '') throw usageError('Standard input has to hold two lines: the password, then the code.')
  return { password: password.replace(/\r$/, ''), code }
}

/** Completes the challenge. At a terminal a wrong code can be corrected. */
async function complete(calls: Connection['calls'], { challenge, methods }: FactorRequired, given: string | null): Promise<SignedIn> {
  if (!methods.some((method) => method !== 'passkey'))
    throw usageError('Your second factor is a passkey, which a terminal cannot ask for.', `Approve in a browser: ${denizen} login`)
  const completed = async (code: string) => calls.auth.completeSignIn({ challenge, ...factorOf(code) })
  if (given !== null) return completed(given)
  return askedAgainAfter(['auth.wrongFactor'], async () =>
    completed(await askText('Code of your authenticator app, or a recovery code', '--code-stdin')),
  )
}

function warnAboutPlainHttp(url: string): void {
  const { protocol, hostname } = new URL(url)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol === 'http:' && !isHere)
    labelled('warning', `The connection to ${url} is not encrypted. Anybody on the network can read the password.`)
}
