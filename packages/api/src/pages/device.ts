import {
  anonymousActor,
  DenizenError,
  userActor,
  type Core,
  type Origin,
  type OutputOf,
  type Principal,
  type SignInAnswer,
  type Signatures,
} from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { callerOf, contextOf, originOf, type Caller } from '../context.ts'
import { malformed, httpErrorOf } from '../errors.ts'
import type { Context } from '../procedures.ts'
import { answerForm, failurePage, type FormPage, type PageRequest } from './respond.ts'
import { approved, codeForm, decisionForm, denied, factorForm, sessionForm, type DeviceLogin } from './device-views.ts'

/** Where people enter the code that a device shows them. */
export const devicePath = '/device'

/** One request, at one core. */
interface Visit {
  readonly core: Core
  readonly origin: Origin
  /** Who is signed in in this browser. Looked up only where it matters. */
  readonly caller: () => Promise<Caller>
}

/**
 * The page where a device login is approved: GET asks for the code, then shows which
 * program would be signed in; POST decides.
 *
 * Approving requires recent authentication. Somebody who is signed in in this browser
 * and has authenticated recently only presses a button: pages of other origins can
 * neither show this page in a frame nor send its form with the cookie. Everybody else
 * signs in with the form itself; the session of that sign-in ends in the same transaction.
 */
export async function answerDevice(asked: PageRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, requestId } = asked
  const caller = () => callerOf(request, requestId, core, proxies)
  const visit: Visit = { core, origin: originOf(request, requestId, proxies), caller }
  const form: FormPage = {
    show(query) {
      const userCode = query.get('user_code')?.trim() ?? ''
      return userCode === '' ? codeForm(200, null) : ask(visit, userCode)
    },
    act: async (fields) => decide(visit, formOf(fields)),
  }
  return answerForm(asked, core, form, failure)
}

interface Form {
  readonly userCode: string
  /** `passkey`: to approve, without a password; the passkey is asked for on the next page. */
  readonly decision: 'approve' | 'deny' | 'passkey'
  /** Decided with the session of this browser; no password was entered. */
  readonly bySession: boolean
  readonly identifier: string
  readonly password: string
  /** The challenge of a sign-in that waits for its second factor; empty: none has been started. */
  readonly challenge: string
  readonly code: string
  /** Whether the page asked for a code too. */
  readonly hasCode: boolean
  /** What the browser answers for a passkey, as JSON; empty: none was used. */
  readonly passkey: string
  /** What the page's script asks the browser for, as JSON; empty: there is no passkey. Sent back only to be asked again. */
  readonly options: string
  /** Whether the passkey is the whole sign-in, and not the second factor of one. */
  readonly isFirst: boolean
}

function formOf(fields: URLSearchParams): Form {
  const text = (name: string): string => fields.get(name) ?? ''
  const decision = text('decision')
  if (decision !== 'approve' && decision !== 'deny' && decision !== 'passkey') throw malformed('decision', 'approve, deny or passkey')
  const [userCode, bySession] = [text('user_code').trim(), text('by') === 'session']
  const typed = { identifier: text('identifier').trim(), password: text('password') }
  const byPasskey = { passkey: text('passkey'), options: text('options'), isFirst: text('first') === 'yes' }
  return {
    userCode,
    decision,
    bySession,
    ...typed,
    ...byPasskey,
    challenge: text('challenge'),
    code: text('code').trim(),
    hasCode: fields.has('code'),
  }
}

function anonymousContext({ core, origin }: Visit): Context {
  return contextOf(core, { actor: anonymousActor, credential: 'none', origin })
}

async function view(visit: Visit, userCode: string): Promise<DeviceLogin> {
  return (await anonymousContext(visit).call('auth.viewDeviceLogin', { userCode: userCode.slice(0, 64) })) as DeviceLogin
}

async function ask(visit: Visit, userCode: string): Promise<Answer> {
  const login = await view(visit, userCode)
  const known = await recentlySignedIn(visit)
  return known === null ? decisionForm(200, login, { userCode, identifier: '' }, null) : sessionForm(login, userCode, known.username)
}

/** The user of this browser's session cookie who may approve without signing in again; null: nobody. Bearer tokens do not count. */
async function recentlySignedIn({ caller, core }: Visit): Promise<Principal | null> {
  const { actor, cookies = null } = await caller()
  if (actor.kind !== 'user' || cookies === null || cookies.access === null || actor.principal.credential !== 'access') return null
  const { recentAuthUntil, pendingSteps } = actor.principal
  const isFresh = recentAuthUntil !== null && recentAuthUntil > core.ports.clock.now()
  return isFresh && pendingSteps.length === 0 ? actor.principal : null
}

async function decide(visit: Visit, form: Form): Promise<Answer> {
  const { userCode, decision, identifier } = form
  const login = await view(visit, userCode)
  if (decision === 'deny') {
    await anonymousContext(visit).call('auth.denyDeviceLogin', { userCode })
    return denied(login)
  }
  const typed = { userCode, identifier }
  if (decision === 'passkey') return askForPasskey(visit, login, userCode)
  if (form.bySession) {
    const known = await recentlySignedIn(visit)
    if (known === null) return decisionForm(401, login, typed, 'You signed in a while ago. Please enter your password again.')
    return approved((await approveAs(visit, known, { userCode })).clientName)
  }
  if (form.challenge === '' && (identifier === '' || form.password === ''))
    return decisionForm(400, login, typed, 'Enter your username or email address, and your password.')
  try {
    const answer = await signIn(visit, form)
    if (answer.status === 'signedIn') return await approve(visit, answer.accessToken, userCode)
    const { challenge, methods, passkey } = answer
    const hasCode = methods.some((method) => method !== 'passkey')
    return factorForm(200, login, { userCode, challenge, hasCode, options: passkey === null ? '' : JSON.stringify(passkey) }, null)
  } catch (error) {
    const message = problemOf(error)
    if (message === null) throw error
    // What a passkey signed in with alone takes one answer.
    const again = form.challenge !== '' && !form.isFirst && !(error instanceof DenizenError && error.code === 'auth.challengeOver')
    const status = error instanceof DenizenError ? httpErrorOf(error).status : 400
    return again ? factorForm(status, login, form, message) : decisionForm(status, login, typed, message)
  }
}

/** Asks for a passkey that the browser knows, whoever it belongs to. */
async function askForPasskey(visit: Visit, login: DeviceLogin, userCode: string): Promise<Answer> {
  type Begun = OutputOf<Signatures['passkeys']['beginSignIn']>
  const { challenge, options } = (await anonymousContext(visit).call('passkeys.beginSignIn', {})) as Begun
  return factorForm(200, login, { userCode, challenge, hasCode: false, options: JSON.stringify(options), isFirst: true }, null)
}

/** Signs in with what was entered. Six digits are a code of an authenticator app, anything else is a recovery code. */
async function signIn(visit: Visit, { identifier, password, challenge, code, passkey, isFirst }: Form): Promise<SignInAnswer> {
  const context = anonymousContext(visit)
  if (challenge === '') return (await context.call('auth.signIn', { identifier, password })) as SignInAnswer
  if (passkey !== '' && isFirst)
    return (await context.call('passkeys.finishSignIn', { challenge, response: answerOf(passkey) })) as SignInAnswer
  if (passkey !== '') return (await context.call('auth.completeSignIn', { challenge, passkey: answerOf(passkey) })) as SignInAnswer
  const digits = code.replaceAll(/\s/g, '')
  const factor = /^\d{6,8}$/.test(digits) ? { totp: digits } : { recoveryCode: code }
  return (await context.call('auth.completeSignIn', { challenge, ...factor })) as SignInAnswer
}

/** What the page's script put into the form; the action checks the rest. */
function answerOf(passkey: string): unknown {
  try {
    return JSON.parse(passkey) as unknown
  } catch {
    throw malformed('passkey', 'what a browser answers for a passkey, as JSON')
  }
}

type Approved = OutputOf<Signatures['auth']['approveDeviceLogin']>

function contextAs({ core, origin }: Visit, principal: Principal): Context {
  return contextOf(core, { actor: userActor(principal), credential: 'accepted', origin })
}

async function approveAs(visit: Visit, principal: Principal, input: { userCode: string; endSession?: true }): Promise<Approved> {
  return (await contextAs(visit, principal).call('auth.approveDeviceLogin', input)) as Approved
}

/** Approves with a session that was opened only for that, and ends it whether or not that works. */
async function approve(visit: Visit, accessToken: string, userCode: string): Promise<Answer> {
  const { core, origin } = visit
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('a token that was just issued is not valid')
  try {
    return approved((await approveAs(visit, principal, { userCode, endSession: true })).clientName)
  } catch (error) {
    await contextAs(visit, principal)
      .call('auth.signOut', {})
      .catch((lost: unknown) => {
        core.ports.logger.warn('the session of a page could not be ended', { requestId: origin.requestId, error: lost })
      })
    throw error
  }
}

/** The message above the form when it may be tried again; null: trying again is of no use. */
function problemOf(error: unknown): string | null {
  if (!(error instanceof DenizenError)) return null
  if (error.kind === 'unauthenticated' || error.code === 'auth.tooManyAttempts') return error.message
  return error.code === 'request.invalid' ? 'Something is not right. Please check what you entered.' : null
}

function failure(error: DenizenError, requestId: string): Answer {
  return error.code === 'auth.deviceLoginUnknown' ? codeForm(404, error.message) : failurePage(error, requestId)
}
