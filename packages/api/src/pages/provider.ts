import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer, Fields } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { CookieSession } from '../cookies.ts'
import { httpErrorOf, methodNotAllowed } from '../errors.ts'
import type { Context } from '../procedures.ts'
import { factorOf } from './sign-in-form.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { answerPage, failurePage, readForm, type PageRequest } from './respond.ts'
import { attemptOf, ProviderCookies, type PendingSignIn } from './provider-cookie.ts'
import { codeForm, noPasskeys, noSuchProvider, signInOver, refusedByProvider, welcome } from './provider-views.ts'

const paths = /^\/oauth\/(start|callback)\/([a-z0-9-]{1,64})$/

/** Whether a path is one of the two pages for signing in at a provider: the start and the callback. */
export function isProviderPath(path: string): boolean {
  return paths.test(path)
}

/** Bytes. A provider may send an ID token and a name along with its code. */
const longestForm = 16 * 1024

/** What the authorization response of a provider says, of all that may come with it. */
const responseFields = ['state', 'code', 'iss', 'error'] as const

interface ProviderRequest extends PageRequest {
  readonly path: string
}

/** One request, and what it takes to answer it. */
interface Visit {
  readonly core: Core
  readonly context: Context
  readonly cookies: ProviderCookies
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
 * A cookie ties the callback to the browser that started: a link that holds the answer to
 * somebody else's sign-in signs nobody in (login CSRF).
 */
export async function answerProvider(asked: ProviderRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, path, search, requestId } = asked
  const [, step, provider = ''] = paths.exec(path) ?? []
  const origin = originOf(request, requestId, proxies)
  const context = contextOf(core, { actor: anonymousActor, credential: 'none', origin })
  const visit: Visit = {
    core,
    context,
    provider,
    cookies: new ProviderCookies(core.settings, request.headers),
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
        if (fields === null) return null
        // `form_post`: a form that another site made its browser send, without our cookies. As a link it comes with them.
        if (fields.has('state')) return redirect(`${core.settings.publicUrl}${path}?${responseIn(fields).toString()}`, [])
        return await verifyFactor(visit, fields.get('attempt') ?? '', fields.get('code')?.trim() ?? '')
      }
      throw methodNotAllowed({ method, allowed: step === 'start' ? ['GET'] : ['GET', 'POST'] })
    },
    (error) => failure(core, error, asked),
  )
}

async function start({ context, cookies, provider }: Visit, query: URLSearchParams): Promise<Answer> {
  const redirectTo = query.get('redirectTo')
  const input = { provider, ...(redirectTo !== null && { redirectTo }) }
  const begun = (await context.call('auth.startOAuth', input)) as OutputOf<Signatures['auth']['startOAuth']>
  const attempt = attemptOf(new URL(begun.url).searchParams.get('state') ?? '')
  return redirect(begun.url, cookies.set(attempt, { challenge: begun.challenge, redirectTo: null }))
}

async function finish(visit: Visit, query: URLSearchParams): Promise<Answer> {
  const { context, cookies, provider } = visit
  const [state, code, issuer] = [query.get('state'), query.get('code'), query.get('iss')]
  if (query.has('error')) return refusedByProvider(query.get('error') === 'access_denied')
  if (state === null || code === null || state === '' || code === '') return signInOver()
  const attempt = attemptOf(state)
  const waiting = cookies.waiting(attempt)
  if (waiting === null) return signInOver()
  const input = { provider, challenge: waiting.challenge, state, code, ...(issuer !== null && { issuer }) }
  const answer = (await context.call('auth.finishOAuth', input)) as Finished
  if (answer.status === 'signedIn') return completeSignIn(visit, attempt, answer, answer.redirectTo)
  if (!answer.methods.some((method) => method !== 'passkey')) return withFields(noPasskeys(), cookies.clear(attempt))
  return withFields(
    codeForm(200, { provider, attempt }, null),
    cookies.set(attempt, { challenge: answer.challenge, redirectTo: answer.redirectTo }),
  )
}

async function verifyFactor(visit: Visit, attempt: string, code: string): Promise<Answer> {
  const { context, cookies, provider } = visit
  const waiting = cookies.waiting(attempt)
  if (waiting === null) return signInOver()
  if (code === '') return codeForm(400, { provider, attempt }, 'Enter the code.')
  try {
    const answer = (await context.call('auth.completeSignIn', { challenge: waiting.challenge, ...factorOf(code) })) as SignedIn
    return completeSignIn(visit, attempt, answer, null, waiting)
  } catch (error) {
    const again = error instanceof DenizenError && ['unauthenticated', 'limited', 'invalid'].includes(error.kind)
    if (!again || error.code === 'auth.challengeOver') throw error
    return codeForm(
      httpErrorOf(error).status,
      { provider, attempt },
      error.kind === 'invalid' ? 'That is not a valid code.' : error.message,
    )
  }
}

/** Browsers block a form whose answer redirects to another site (Content-Security-Policy: form-action); after a form, a link is shown instead. */
function completeSignIn(
  { session, cookies }: Visit,
  attempt: string,
  answer: SignedIn,
  redirectTo: string | null,
  after?: PendingSignIn,
): Answer {
  session.setTokens(answer)
  const fields = [...cookies.clear(attempt), ...session.fields]
  return redirectTo === null ? withFields(welcome(answer.user.username, after?.redirectTo ?? null), fields) : redirect(redirectTo, fields)
}

function responseIn(fields: URLSearchParams): URLSearchParams {
  const told = responseFields.flatMap((name) => fields.getAll(name).map((value): [string, string] => [name, value]))
  return new URLSearchParams(told)
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

function failure(core: Core, error: DenizenError, { request, requestId }: ProviderRequest): Answer {
  if (error.code === 'identities.unknownProvider') return noSuchProvider()
  return failurePage(error, requestId, { onward: elsewhereFirst(core, error, request.url ?? '/') })
}
