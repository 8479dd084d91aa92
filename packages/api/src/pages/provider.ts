import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer, Fields } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { CookieSession } from '../cookies.ts'
import { httpErrorOf, methodNotAllowed, noSuchResource } from '../errors.ts'
import type { Context } from '../trpc.ts'
import { answerPage, failurePage, readForm, type PageRequest } from './respond.ts'
import { ProviderCookie, type PendingSignIn } from './provider-cookie.ts'
import { codeForm, noPasskeys, signInOver, refusedByProvider, welcome } from './provider-views.ts'

const paths = /^\/oauth\/(start|callback)\/([a-z0-9-]{1,64})$/

/** Whether a path is one of the two pages for signing in at a provider: the start and the callback. */
export function isProviderPath(path: string): boolean {
  return paths.test(path)
}

/** Bytes: a code is short. */
const longestForm = 4 * 1024

interface ProviderRequest extends PageRequest {
  readonly path: string
}

/** One request, and what it takes to answer it. */
interface Visit {
  readonly core: Core
  readonly context: Context
  readonly cookie: ProviderCookie
  readonly session: CookieSession
  readonly provider: string
}

type Finished = OutputOf<Signatures['auth']['finishOAuth']>
type SignedIn = Extract<Finished, { status: 'signedIn' }>

/**
 * The pages for signing in at a provider, for applications that have none of their own:
 * `/oauth/start/google?redirectTo=…` redirects to the provider, which sends people back to
 * `/oauth/callback/google`. The session is in cookies afterwards.
 *
 * The cookie ties the callback to the browser that started: a link that holds the answer to
 * somebody else's sign-in signs nobody in (login CSRF).
 */
export async function answerProvider(asked: ProviderRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, path, search, requestId } = asked
  const [, step, provider = ''] = paths.exec(path) ?? []
  const origin = originOf(request, requestId, proxies)
  const context = contextOf(core, { actor: anonymousActor, credential: 'none', origin }, { plan: false })
  const visit: Visit = {
    core,
    context,
    provider,
    cookie: new ProviderCookie(core.settings, request.headers),
    session: new CookieSession(core, request.headers, { isCredential: true }),
  }
  const query = new URLSearchParams(search)
  const { method = '' } = request
  return answerPage(
    asked,
    core,
    async () => {
      if (step === 'start' && method === 'GET') return await start(visit, query)
      if (step === 'callback' && method === 'GET') return await finish(visit, query)
      if (step === 'callback' && method === 'POST') {
        const fields = await readForm(request, longestForm)
        return fields === null ? null : await verifyFactor(visit, fields.get('code')?.trim() ?? '')
      }
      throw methodNotAllowed({ method, allowed: step === 'start' ? ['GET'] : ['GET', 'POST'] })
    },
    failure,
  )
}

async function start({ context, cookie, provider }: Visit, query: URLSearchParams): Promise<Answer> {
  const redirectTo = query.get('redirectTo')
  const input = { provider, ...(redirectTo !== null && { redirectTo }) }
  const begun = (await context.call('auth.startOAuth', input)) as OutputOf<Signatures['auth']['startOAuth']>
  return redirect(begun.url, [cookie.set({ challenge: begun.challenge, redirectTo: null })])
}

async function finish(visit: Visit, query: URLSearchParams): Promise<Answer> {
  const { context, cookie, provider } = visit
  const { waiting } = cookie
  const [state, code, issuer] = [query.get('state'), query.get('code'), query.get('iss')]
  if (query.has('error')) return refusedByProvider(query.get('error') === 'access_denied')
  if (waiting === null || state === null || code === null || state === '' || code === '') return signInOver()
  const input = { challenge: waiting.challenge, state, code, ...(issuer !== null && { issuer }) }
  const answer = (await context.call('auth.finishOAuth', input)) as Finished
  if (answer.status === 'signedIn') return completeSignIn(visit, answer, answer.redirectTo)
  if (!answer.methods.some((method) => method !== 'passkey')) return withFields(noPasskeys(), [cookie.clear()])
  return withFields(codeForm(200, provider, null), [cookie.set({ challenge: answer.challenge, redirectTo: answer.redirectTo })])
}

/** The second factor. Six digits are a code of an authenticator app, anything else is a recovery code. */
async function verifyFactor(visit: Visit, code: string): Promise<Answer> {
  const { context, cookie, provider } = visit
  const { waiting } = cookie
  if (waiting === null) return signInOver()
  const digits = code.replaceAll(/\s/g, '')
  if (digits === '') return codeForm(400, provider, 'Enter the code.')
  const factor = /^\d{6,8}$/.test(digits) ? { totp: digits } : { recoveryCode: code }
  try {
    const answer = (await context.call('auth.completeSignIn', { challenge: waiting.challenge, ...factor })) as SignedIn
    return completeSignIn(visit, answer, null, waiting)
  } catch (error) {
    const again = error instanceof DenizenError && ['unauthenticated', 'limited', 'invalid'].includes(error.kind)
    if (!again || error.code === 'auth.challengeOver') throw error
    return codeForm(httpErrorOf(error).status, provider, error.kind === 'invalid' ? 'That is not a valid code.' : error.message)
  }
}

/** Browsers block a form whose answer redirects to another site (Content-Security-Policy: form-action); after a form, a link is shown instead. */
function completeSignIn({ session, cookie }: Visit, answer: SignedIn, redirectTo: string | null, after?: PendingSignIn): Answer {
  session.setTokens(answer)
  const fields = [cookie.clear(), ...session.fields]
  return redirectTo === null ? withFields(welcome(answer.user.username, after?.redirectTo ?? null), fields) : redirect(redirectTo, fields)
}

function redirect(location: string, fields: Fields): Answer {
  return {
    status: 303,
    contentType: 'text/plain',
    body: '',
    headers: [['location', location], ['referrer-policy', 'no-referrer'], ...fields],
  }
}

function withFields(answer: Answer, fields: Fields): Answer {
  return { ...answer, headers: [...(answer.headers ?? []), ...fields] }
}

function failure(error: DenizenError, requestId: string): Answer {
  return failurePage(error.code === 'identities.unknownProvider' ? noSuchResource({}) : error, requestId)
}
