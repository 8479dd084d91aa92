import { anonymousActor, html, type Core, type DenizenError, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer, Fields } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import type { Context } from '../procedures.ts'
import { homeFrom, notice, page, passwordHint } from './layout.ts'
import { alert, field, newPasswordField, problemIn, type Problem } from './mailed-link.ts'
import { forgottenPath, refusalOf, signUpRequestPath } from './request-paths.ts'
import { answerForm, failurePage, type PageRequest, type Titles } from './respond.ts'
import { SignUpCookie } from './sign-up-cookie.ts'

/** A page with a form that asks for a mail. Its answer is the same whoever has the address. */
interface RequestPage {
  readonly title: string
  readonly intro: string
  readonly button: string
  readonly fields: (core: Core, email: string, problem: Problem | null) => Html
  /** Asks for the mail. Its fields bind the mailed link to the browser. */
  ask(context: Context, text: (name: string) => string, signUp: SignUpCookie): Promise<Fields>
  sent(email: string): Html
}

const emailField = (email: string, problem: Problem | null): Html =>
  field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', longest: 320, value: email }, problem)

/** By path. */
export const requestPages: ReadonlyMap<string, RequestPage> = new Map<string, RequestPage>([
  [
    forgottenPath,
    {
      title: 'Forgot your password?',
      intro: 'Enter the email address of your account. We send a link there, with which you choose a new password.',
      button: 'Send me the link',
      fields: (_, email, problem) => emailField(email, problem),
      async ask(context, text) {
        await context.call('auth.requestPasswordReset', { email: text('email') })
        return []
      },
      sent: (email) =>
        html`If there is an account with the address <strong>${email}</strong>, a link is on its way there. It works for an hour.`,
    },
  ],
  [
    signUpRequestPath,
    {
      title: 'Create an account',
      intro: 'We send a link to your address. Open it, and your account is ready.',
      button: 'Sign up',
      fields: ({ settings }, email, problem) => {
        const hint = passwordHint(settings.passwords.minimumAlone)
        return html`${emailField(email, problem)} ${newPasswordField({ label: 'Password', hint }, problem)}`
      },
      async ask(context, text, signUp) {
        const [email, password] = [text('email'), text('password')]
        const { binding } = (await context.call('auth.signUp', { email, password })) as OutputOf<Signatures['auth']['signUp']>
        return signUp.set(email, binding)
      },
      sent: (email) => html`A link is on its way to <strong>${email}</strong>. Open it to finish signing up.`,
    },
  ],
])

/**
 * Answers for such a page. Sessions and credentials are ignored, and nobody learns who has an account: another site that makes a
 * browser send this form gains nothing that it could not send by itself.
 */
export async function answerRequest(
  path: string,
  asked: RequestPage,
  { request, requestId }: Omit<PageRequest, 'search'>,
  core: Core,
  proxies: TrustedProxies,
): Promise<Answer | null> {
  const show = (): Answer => {
    const refusal = refusalOf(core, path)
    if (refusal !== null) throw refusal
    return form(200, asked, core, '', null)
  }
  const act = async (fields: URLSearchParams): Promise<Answer> => {
    const text = (name: string): string => (name === 'password' ? (fields.get(name) ?? '') : (fields.get(name) ?? '').trim())
    let cookies: Fields
    try {
      const context = contextOf(core, { actor: anonymousActor, credential: 'none', origin: originOf(request, requestId, proxies) })
      cookies = await asked.ask(context, text, new SignUpCookie(core.settings, request.headers))
    } catch (error) {
      const problem = problemIn(error, labels)
      if (problem === null) throw error
      return form(400, asked, core, text('email'), problem)
    }
    const answer = notice(
      200,
      'Check your email',
      asked.sent(text('email')),
      'Nothing there after a few minutes? Look in the folder for spam, and check the address.',
    )
    return { ...answer, headers: [...(answer.headers ?? []), ...cookies] }
  }
  return answerForm({ request, search: '', requestId }, core, { show, act }, (error, id) => failure(error, id, request.url))
}

const labels = { email: 'Email address', password: 'Password' }

const titles: Titles = {
  'auth.signUpClosed': 'You cannot sign up here yourself',
  'mail.notConfigured': 'This installation sends no mail',
  'mail.tooMany': 'Too many mails',
}

function failure(error: DenizenError, requestId: string, url = '/'): Answer {
  const onward = [html`<a class="main" href="${homeFrom(url)}sign-in">Sign in</a>`]
  return failurePage(error, requestId, { titles, assurance: 'Nothing was sent', onward })
}

function form(status: number, { title, intro, button, fields }: RequestPage, core: Core, email: string, problem: Problem | null): Answer {
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p class="soft">${intro}</p>
      ${alert(problem)}
      <form method="post" novalidate>
        ${fields(core, email, problem)}
        <div class="buttons"><button class="main">${button}</button></div>
        <p class="hint">You have an account and its password? <a href="sign-in">Sign in</a></p>
      </form>`,
  )
}
