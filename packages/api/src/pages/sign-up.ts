import { html, linkPaths, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer, Fields } from '../answer.ts'
import { notice, page, passwordHint, usernameField } from './layout.ts'
import {
  alert,
  field,
  linkFacts,
  continueLink,
  newPasswordField,
  problemIn,
  type LinkPage,
  type Problem,
  type Verification,
} from './mailed-link.ts'

/** Where links for finishing a sign-up lead. */
export const signUpPath = linkPaths.signUp

type Done = OutputOf<Signatures['auth']['verifyEmail']>

const labels = { password: 'Password', username: 'Username', fullName: 'Full name' }

/** Finishes a sign-up, or tells the owner of the address that they already have an account. */
export const signUpPage: LinkPage = {
  purpose: 'signUp',
  show: (link, token, { signUp }) => {
    const typed = { token, username: link.asked?.username ?? '', fullName: link.asked?.fullName ?? '' }
    return signUpForm(200, link, { ...typed, hasPassword: signUp.bindingFor(link.email) !== null }, null)
  },
  async act(context, link, form, { signIn, signUp }) {
    const decision = form.text('decision')
    if (decision === 'reset') {
      await context.call('auth.requestPasswordReset', { email: link.email })
      return notice(200, 'Check your email', html`A link to choose a new password is on its way to <strong>${link.email}</strong>.`)
    }
    const password = form.text('password')
    const binding = password === '' ? signUp.bindingFor(link.email) : null
    const typed = { token: form.token, username: form.text('username').trim(), fullName: form.text('fullName').trim(), hasPassword: false }
    if (decision !== 'confirm') return signUpForm(400, link, typed, { field: null, message: 'Press Confirm.' })
    try {
      const confirmed = (await context.call('auth.verifyEmail', { ...inputOf(link, typed), ...proofOf(password, binding) })) as Done
      const session = password === '' ? null : await signIn(confirmed.user.email, password)
      return done(confirmed, [...signUp.clear(), ...(session ?? [])], session !== null)
    } catch (error) {
      const problem = problemIn(error, labels)
      if (problem === null) throw error
      return signUpForm(400, link, typed, problem)
    }
  },
}

interface Typed {
  readonly token: string
  readonly username: string
  readonly fullName: string
  /** Whether the password was chosen in this browser, where the sign-up began. */
  readonly hasPassword: boolean
}

function proofOf(password: string, binding: string | null): object {
  return { ...(password !== '' && { password }), ...(binding !== null && { binding }) }
}

function inputOf({ account }: Verification, { token, username, fullName }: Typed): object {
  return {
    token,
    ...(account === null && username !== '' && { username }),
    ...(account === null && fullName !== '' && { fullName }),
  }
}

function signUpForm(status: number, link: Verification, typed: Typed, problem: Problem | null): Answer {
  if (link.account?.emailVerified === true) return alreadyThere(link, typed)
  const title = 'Finish signing up'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      <p>${why(link, typed)}</p>
      ${linkFacts(link)} ${backWhereItBegan(link, typed)} ${alert(problem)}
      <form method="post" action="confirm">
        <input type="hidden" name="token" value="${typed.token}" />
        ${link.account === null ? names(typed, problem) : usernameField(link.email)}
        ${typed.hasPassword ? null : passwordField(link, problem)}
        <div class="buttons"><button class="main" name="decision" value="confirm">Confirm</button></div>
      </form>`,
  )
}

/** The application that the sign-up began in has the other half of the link: there the password counts that was typed already. */
function backWhereItBegan({ redirectTo }: Verification, { token }: Typed): Html | null {
  if (redirectTo === null) return null
  return html`<p>Is this the browser in which you signed up? Then go back there, and your password is not asked for again.</p>
    ${continueLink(redirectTo, (host) => `Finish at ${host}, where you signed up`, token)}
    <p>In another browser, finish here:</p>`
}

function passwordField({ minimumPasswordLength }: Verification, problem: Problem | null): Html {
  const hint = `${passwordHint(minimumPasswordLength)} It can be the one that you chose when you signed up.`
  return newPasswordField({ label: labels.password, hint }, problem)
}

function why({ account }: Verification, { hasPassword }: Typed): string {
  const password = hasPassword ? 'the password that you chose when you signed up' : 'the password that you choose here'
  if (account !== null)
    return `There is an account with this address, but nobody has confirmed the address yet. Confirming makes the account yours, with ${password}. Its old password stops working, and everybody who used it is signed out.`
  return hasPassword
    ? `Confirm, and your account is ready, with ${password}.`
    : 'Choose a password, and your account is ready. If you did not sign up, close this page, and nothing happens.'
}

function names({ username, fullName }: Typed, problem: Problem | null): Html {
  const name = { name: 'username', label: labels.username, optional: true, autocomplete: 'username', longest: 64, value: username } as const
  const full = { name: 'fullName', label: labels.fullName, optional: true, autocomplete: 'name', longest: 200, value: fullName } as const
  return html`${field(name, problem)} ${field(full, problem)}`
}

function alreadyThere({ account, email, redirectTo }: Verification, { token }: Typed): Answer {
  const title = 'You already have an account'
  return page(
    200,
    title,
    html`<h1>${title}</h1>
      <p>
        Your username is <strong>${account?.username ?? ''}</strong> and your address is <strong>${email}</strong>. Sign in with either of
        them.
      </p>
      ${continueLink(redirectTo, (host) => `Go to ${host}`)}
      <form method="post" action="confirm">
        <input type="hidden" name="token" value="${token}" />
        <p class="soft">Forgot your password? We send you a link to choose a new one.</p>
        <div class="buttons"><button name="decision" value="reset">Send me the link</button></div>
      </form>`,
  )
}

function done({ user, redirectTo, status }: Done, cookies: Fields, isSignedIn: boolean): Answer {
  const title = status === 'takenOver' ? 'The account is yours now' : 'Your account is ready'
  const onward = continueLink(redirectTo, (host) => `Go to ${host}`)
  const answer = isSignedIn
    ? notice(
        200,
        title,
        html`You are signed in as <strong>${user.username}</strong>.`,
        onward ?? html`<a href="../passkeys">Set up a passkey</a>, or close this page.`,
      )
    : notice(
        200,
        title,
        html`Sign in with <strong>${user.email}</strong> or <strong>${user.username}</strong>, and the password that you chose.`,
        onward ?? html`<a class="main" href="../sign-in">Sign in</a>`,
      )
  return { ...answer, headers: [...(answer.headers ?? []), ...cookies] }
}
