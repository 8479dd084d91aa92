import type { IncomingMessage } from 'node:http'
import {
  anonymousActor,
  DenizenError,
  html,
  type Core,
  type Html,
  type Origin,
  type OutputOf,
  type Principal,
  type Signatures,
} from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer, Fields } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { CookieSession } from '../cookies.ts'
import type { Context } from '../procedures.ts'
import { timeElement } from './layout.ts'
import { linkOver } from './link-over.ts'
import { answerForm, failurePage, type FormPage, type PageRequest, type Titles } from './respond.ts'
import { SignUpCookie } from './sign-up-cookie.ts'
import { browserOf, withCookies } from './visitor.ts'

export type Verification = OutputOf<Signatures['auth']['viewVerification']>

/** A page behind a mailed link. */
export interface LinkPage {
  /** What the links to this page are for. A link with another purpose is invalid here. */
  readonly purpose: Verification['purpose']
  /** The page before anything is done. */
  show(verification: Verification, token: string, browser: Browser): Answer | Promise<Answer>
  /** Does what its form asks for. Left out where the page has no form. */
  readonly act?: (context: Context, verification: Verification, form: Form, browser: Browser) => Promise<Answer>
}

/** Signs in, in this browser, who just typed the password. Returns the cookies; null: not signed in, and the attempt may have been counted. */
type SignIn = (identifier: string, password: string) => Promise<Fields | null>

/** The browser that opened the link. */
interface Browser {
  /** Who is signed in in it, as far as that can be found out; null: nobody. */
  readonly here: () => Promise<Principal | null>
  readonly signIn: SignIn
  readonly signUp: SignUpCookie
}

/** The fields of a form; a missing one is empty. */
interface Form {
  readonly token: string
  text(name: string): string
}

/**
 * Answers for a page: GET shows it and consumes nothing, because mail scanners follow
 * links too; POST acts.
 *
 * The action trusts only the token. So another site that makes a browser send this
 * form gains nothing that it could not send by itself. Signing in afterwards looks at the
 * session cookie and Sec-Fetch-Site: only whoever typed a password into this page is signed
 * in by it, and only where nobody is: no link signs anybody in.
 */
export async function answerLink(linkPage: LinkPage, asked: PageRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, requestId } = asked
  const { act } = linkPage
  const origin = originOf(request, requestId, proxies)
  const context = contextOf(core, { actor: anonymousActor, credential: 'none', origin })
  const { cookies } = browserOf(asked, core, proxies)
  const browser = {
    here: () => cookies.known(),
    signIn: signingIn(request, core, context, origin),
    signUp: new SignUpCookie(core.settings, request.headers),
  }
  const page: FormPage = {
    async show(query) {
      const token = query.get('token') ?? ''
      return linkPage.show(await view(context, linkPage, token), token, browser)
    },
    act:
      act &&
      (async (fields) => {
        const text = (name: string): string => fields.get(name) ?? ''
        const form = { token: text('token'), text }
        return act(context, await view(context, linkPage, form.token), form, browser)
      }),
  }
  const { url = '' } = request
  const answer = await answerForm(asked, core, page, (error, id) =>
    failurePage(error, id, { titles, assurance: 'Nothing was changed', onward: linkOver(core, error, linkPage.purpose, url), url }),
  )
  return answer && withCookies(answer, cookies)
}

/** Errors after which the page's work is done, but the person must sign in themselves. */
const harmlessKinds: ReadonlySet<DenizenError['kind']> = new Set(['denied', 'unauthenticated', 'limited', 'unavailable'])

function signingIn({ headers }: IncomingMessage, core: Core, context: Context, origin: Origin): SignIn {
  const session = new CookieSession(core, headers, { isCredential: true, origin })
  return async (identifier, password) => {
    // A form of another site may hold somebody else's link and password (login CSRF). Browsers say which site sent a form, and a page
    // cannot change that.
    if (headers['sec-fetch-site'] !== 'same-origin' || session.hasSession) return null
    try {
      const answer = (await context.call('auth.signIn', { identifier, password })) as OutputOf<Signatures['auth']['signIn']>
      if (answer.status !== 'signedIn') return null
      await session.replace(answer)
      return session.fields
    } catch (error) {
      if (error instanceof DenizenError && harmlessKinds.has(error.kind)) return null
      throw error
    }
  }
}

async function view(context: Context, { purpose }: LinkPage, token: string): Promise<Verification> {
  // A token that is too long is treated like a wrong one.
  const inspect = async (text: string) =>
    (await context.call('auth.viewVerification', { token: text.slice(0, 256) || 'none' })) as Verification
  const verification = await inspect(token)
  return verification.purpose === purpose ? verification : inspect('none')
}

const titles: Titles = {
  'auth.linkInvalid': 'This link cannot be used',
  'auth.accountExists': 'You already have an account',
  'auth.accountInactive': 'This account cannot be used',
  'auth.signInFirst': 'Sign in first',
}

/** What is wrong with what was entered, and in which field; null: in none of them. */
export interface Problem {
  readonly field: string | null
  readonly message: string
}

/** What an error says about a form with these labels; null: correcting the form does not help. */
export function problemIn(error: unknown, labels: Readonly<Record<string, string>>): Problem | null {
  if (!(error instanceof DenizenError)) return null
  const { code, message, details } = error
  const [namespace] = code.split('.')
  if ((namespace === 'passwords' && error.kind !== 'unavailable') || code === 'auth.passwordNeeded' || code === 'auth.invalidCredentials')
    return { field: 'password', message }
  if (code === 'users.usernameTaken') return { field: 'username', message }
  if (code === 'auth.tooManyAttempts' || error.kind === 'unavailable') return { field: null, message }
  if (code !== 'request.invalid') return null
  const { issues = [] } = details as { issues?: readonly { path: string; message: string }[] }
  const issue = issues.find(({ path }) => path in labels)
  return issue === undefined ? null : { field: issue.path, message: `${labels[issue.path]}: ${issue.message}.` }
}

interface Field {
  readonly name: string
  readonly label: string
  readonly optional?: true
  readonly required?: true
  readonly type?: 'password' | 'email'
  readonly autocomplete: string
  /** Which keyboard a phone shows. */
  readonly inputmode?: 'numeric'
  readonly longest: number
  readonly value?: string
  readonly hint?: string
}

/** A field of a form, marked if the problem is about it. */
export function field(
  { name, label, optional, required, type, autocomplete, inputmode, longest, value = '', hint }: Field,
  problem: Problem | null,
): Html {
  const isWrong = problem?.field === name
  const described = [hint === undefined ? '' : `${name}-hint`, isWrong ? 'problem' : ''].filter((id) => id !== '').join(' ')
  return html`<div class="field">
    <label for="${name}">${label}${optional === true ? html` <span>(optional)</span>` : null}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type ?? 'text'}"
      autocomplete="${autocomplete}"
      maxlength="${longest}"
      value="${type === 'password' ? '' : value}"
      aria-describedby="${described}"
      aria-invalid="${String(isWrong)}"
      ${inputmode === undefined ? null : html`inputmode="${inputmode}"`}
      ${required === true ? html`required` : null}
      ${isWrong ? html`autofocus` : null}
    />
    ${hint === undefined ? null : html`<p class="hint" id="${name}-hint">${hint}</p>`}
  </div>`
}

/** A field for a new password. */
export function newPasswordField(
  text: { readonly label: string; readonly hint: string; readonly required?: true },
  problem: Problem | null,
): Html {
  return field({ ...text, name: 'password', type: 'password', autocomplete: 'new-password', longest: 1024 }, problem)
}

export function alert(problem: Problem | null): Html | null {
  return problem && html`<p class="problem" role="alert" id="problem">${problem.message}</p>`
}

/** What a mail is about: the address, the account if there is one, and until when its link works. */
export function linkFacts({ email, expiresAt }: { email: string; expiresAt: Date }, username: string | null = null): Html {
  return html`<dl>
    <dt>Email address</dt>
    <dd>${email}</dd>
    ${
      username === null
        ? null
        : html`<dt>Username</dt>
            <dd>${username}</dd>`
    }
    <dt>Valid until</dt>
    <dd>${timeElement(expiresAt)}</dd>
  </dl>`
}

/** A link back to where it was requested; only allowed origins are ever stored. The token goes into the fragment, which no server sees. */
export function continueLink(redirectTo: string | null, label: (host: string) => string, token?: string): Html | null {
  if (redirectTo === null) return null
  const address = token === undefined ? redirectTo : `${redirectTo}#token=${encodeURIComponent(token)}`
  return html`<a class="main" href="${address}">${label(new URL(redirectTo).host)}</a>`
}
