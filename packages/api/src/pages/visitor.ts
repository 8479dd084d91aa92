import { anonymousActor, userActor, type Core, type Principal, type SignedIn } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { CookieSession } from '../cookies.ts'
import { toDomainError } from '../errors.ts'
import { Origins } from '../origins.ts'
import type { Context } from '../procedures.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { answerForm, failurePage, type PageRequest, type Wording } from './respond.ts'

/** Who has a page open in a browser: somebody who is signed in there by cookie, or nobody. */
export interface Visitor {
  /** null: nobody is signed in. */
  readonly principal: Principal | null
  /** Whether they have authenticated recently enough for sensitive changes. */
  readonly isRecent: boolean
  /** Calls actions as whoever is signed in. */
  readonly context: Context
  /** Calls actions as nobody. So whoever is signed in, and may do nothing any more, can sign in again, or as somebody else. */
  readonly stranger: Context
  /** Keeps a session in this browser, and ends the one before it. */
  open(session: SignedIn): Promise<void>
  /** Signs out in this browser, whatever comes. False: the session itself goes on, because it may do nothing from here. */
  signOut(): Promise<boolean>
}

/** How a request for a page of this kind is answered. */
export type SessionPage = (asked: PageRequest, core: Core, proxies: TrustedProxies) => Promise<Answer | null>

/** A page that knows who is signed in in the browser, and may have a form. */
interface SessionForm {
  show(visitor: Visitor, core: Core, query: URLSearchParams): Answer | Promise<Answer>
  /** Does what the form asks for. Left out where the page has none. */
  readonly act?: (visitor: Visitor, core: Core, fields: URLSearchParams) => Promise<Answer>
}

/** Answers together with the cookies that have changed, also where it tells of an error: the session may have been renewed before. */
export function sessionPage({ show, act }: SessionForm, wording: Wording = {}): SessionPage {
  return async (asked, core, proxies) => {
    const cookies = new CookieSession(core, asked.request.headers, { isCredential: true })
    const origin = originOf(asked.request, asked.requestId, proxies)
    const stranger = contextOf(core, { actor: anonymousActor, credential: 'none', origin })
    const visitorWith = async (token: string | null): Promise<Visitor> => {
      const principal = token === null ? null : await core.authenticate(token)
      const context = principal === null ? stranger : contextOf(core, { actor: userActor(principal), credential: 'accepted', origin })
      return visitorOf({ principal, context, stranger }, core, cookies, asked.requestId)
    }
    const form = {
      async show(query: URLSearchParams) {
        const { token, isNew } = await accessOf(core, cookies, stranger)
        // The next request is the first to use it: if this answer is lost, the refresh token is still good for another.
        return isNew ? leadTo(addressOf(asked)) : show(await visitorWith(token), core, query)
      },
      act:
        act &&
        (async (fields: URLSearchParams) => {
          // The browser sends cookies with the forms of any other site, and no site signs its visitors in or out here (CSRF).
          new Origins(core).demand(asked.request.headers)
          return act(await visitorWith((await accessOf(core, cookies, stranger)).token), core, fields)
        }),
    }
    const answer = await answerForm(asked, core, form, (error, requestId) =>
      failurePage(error, requestId, { onward: elsewhereFirst(core, error, asked.request.url ?? '/'), ...wording }),
    )
    return answer && { ...answer, headers: [...(answer.headers ?? []), ...cookies.fields] }
  }
}

/** The access token of the browser's session. One that is over is exchanged, so that people stay signed in as long as their session lasts. */
async function accessOf(core: Core, cookies: CookieSession, { call }: Context): Promise<{ token: string | null; isNew: boolean }> {
  const { access } = cookies
  if (access !== null && (await core.authenticate(access)) !== null) return { token: access, isNew: false }
  const token = await cookies.renew(call)
  return { token, isNew: token !== null }
}

function visitorOf(
  who: Pick<Visitor, 'principal' | 'context' | 'stranger'>,
  core: Core,
  cookies: CookieSession,
  requestId: string,
): Visitor {
  const { principal, context } = who
  const end = async (): Promise<boolean> => {
    if (principal === null) return true
    try {
      await context.call('auth.signOut', {})
      return true
    } catch (thrown) {
      const error = toDomainError(thrown, { path: 'auth.signOut', requestId })
      if (error.kind === 'internal') core.ports.logger.error('a session in a browser was not ended', { requestId, error: thrown })
      return error.kind === 'unauthenticated'
    }
  }
  const { recentAuthUntil = null } = principal ?? {}
  return {
    ...who,
    isRecent: recentAuthUntil !== null && recentAuthUntil > core.ports.clock.now(),
    async open(session) {
      cookies.setTokens(session)
      await end()
    },
    signOut() {
      cookies.clear()
      return end()
    },
  }
}

/** The page itself, as seen from it. */
function addressOf({ request: { url = '/' }, search }: PageRequest): string {
  const [path = ''] = url.split('?')
  return `${path.slice(path.lastIndexOf('/') + 1) || './'}${search}`
}

/** Leads on after a form. Relative to the page, so that a path prefix of the public URL is kept. */
export function leadTo(location: string): Answer {
  return {
    status: 303,
    contentType: 'text/plain',
    body: '',
    headers: [
      ['location', location],
      ['referrer-policy', 'no-referrer'],
    ],
  }
}
