import { html, linkPaths, type Html, type OutputOf, type Principal, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { notice, page, usernameField } from './layout.ts'
import { alert, field, linkFacts, continueLink, problemIn, type LinkPage, type Problem, type Verification } from './mailed-link.ts'

/** Where links for confirming an email address lead. */
export const verifyEmailPath = linkPaths.verifyEmail

type Done = OutputOf<Signatures['auth']['verifyEmail']>

/** Confirms the address of an account. The password shows that the account belongs to the same person. */
export const verifyEmailPage: LinkPage = {
  purpose: 'verifyEmail',
  show: async (link, token, browser) => verifyEmailForm(200, link, { token, here: await browser.here() }, null),
  async act(context, link, form, browser) {
    const password = form.text('password')
    const again = async (problem: Problem): Promise<Answer> =>
      verifyEmailForm(400, link, { token: form.token, here: await browser.here() }, problem)
    if (password === '') return again({ field: 'password', message: 'Enter your password.' })
    try {
      const { user, redirectTo } = (await context.call('auth.verifyEmail', { token: form.token, password })) as Done
      return notice(
        200,
        'Your address is confirmed',
        html`<strong>${user.email}</strong> is now the confirmed address of <strong>${user.username}</strong>.`,
        continueLink(redirectTo, (host) => `Go to ${host}`) ?? 'You can close this page.',
      )
    } catch (error) {
      const problem = problemIn(error, { password: 'Password' })
      if (problem === null) throw error
      return await again(problem.field === 'password' ? { ...problem, message: 'That is not the password of this account.' } : problem)
    }
  },
}

function verifyEmailForm(
  status: number,
  { account, email, expiresAt, redirectTo }: Verification,
  { token, here }: { readonly token: string; readonly here: Principal | null },
  problem: Problem | null,
): Answer {
  const title = 'Confirm your address'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p>
        Is this address yours, and the account <strong>${account?.username ?? ''}</strong> too? Then confirm it. If not, close this page.
      </p>
      ${here === null || here.username === account?.username ? null : signedInAsAnother(here)} ${alert(problem)}
      ${linkFacts({ email, expiresAt })} ${continueLink(redirectTo, (host) => `Confirm at ${host}, where you asked for this`, token)}
      <form method="post" action="verify-email">
        <input type="hidden" name="token" value="${token}" />
        ${usernameField(account?.username ?? '')} ${passwordField(problem)}
        <div class="buttons"><button class="main">Confirm</button></div>
      </form>`,
  )
}

const signedInAsAnother = ({ username }: Principal): Html =>
  html`<p>
    You are signed in here as <strong>${username}</strong>, which is another account. You stay so: this page asks for the password of the
    account of the link, and signs nobody in.
  </p>`

function passwordField(problem: Problem | null): Html {
  return field(
    {
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      longest: 1024,
      hint: 'The password of the account, so that nobody else can give your address to theirs.',
    },
    problem,
  )
}
