import {
  anonymousActor,
  userActor,
  type Core,
  type DenizenError,
  type Origin,
  type OutputOf,
  type Principal,
  type Signatures,
} from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { callerOf, contextOf, originOf, type Caller } from '../context.ts'
import { malformed, httpErrorOf } from '../errors.ts'
import type { Context } from '../procedures.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { answerForm, failurePage, type FormPage, type PageRequest } from './respond.ts'
import { mayTryAgain, signInFieldsOf, signInProblem, signInWith, type SignInFields } from './sign-in-form.ts'
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
  return answerForm(asked, core, form, (error) => failure(core, error, asked))
}

interface Form extends SignInFields {
  readonly userCode: string
  /** `passkey`: to approve, without a password; the passkey is asked for on the next page. */
  readonly decision: 'approve' | 'deny' | 'passkey'
  /** Decided with the session of this browser; no password was entered. */
  readonly bySession: boolean
}

function formOf(fields: URLSearchParams): Form {
  const decision = fields.get('decision')
  if (decision !== 'approve' && decision !== 'deny' && decision !== 'passkey') throw malformed('decision', 'approve, deny or passkey')
  return {
    ...signInFieldsOf(fields),
    userCode: (fields.get('user_code') ?? '').trim(),
    decision,
    bySession: fields.get('by') === 'session',
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
    const answer = await signInWith(anonymousContext(visit), form)
    if (answer.status === 'signedIn') return await approve(visit, answer.accessToken, userCode)
    const { challenge, methods, passkey } = answer
    const hasCode = methods.some((method) => method !== 'passkey')
    return factorForm(200, login, { userCode, challenge, hasCode, options: passkey === null ? '' : JSON.stringify(passkey) }, null)
  } catch (error) {
    const message = signInProblem(error)
    if (message === null) throw error
    const { status } = httpErrorOf(error as DenizenError)
    return mayTryAgain(form, error) ? factorForm(status, login, form, message) : decisionForm(status, login, typed, message)
  }
}

/** Asks for a passkey that the browser knows, whoever it belongs to. */
async function askForPasskey(visit: Visit, login: DeviceLogin, userCode: string): Promise<Answer> {
  type Begun = OutputOf<Signatures['passkeys']['beginSignIn']>
  const { challenge, options } = (await anonymousContext(visit).call('passkeys.beginSignIn', {})) as Begun
  return factorForm(200, login, { userCode, challenge, hasCode: false, options: JSON.stringify(options), isFirst: true }, null)
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

function failure(core: Core, error: DenizenError, { request, requestId }: PageRequest): Answer {
  if (error.code === 'auth.deviceLoginUnknown') return codeForm(404, error.message)
  return failurePage(error, requestId, { onward: elsewhereFirst(core, error, request.url ?? '/') })
}
