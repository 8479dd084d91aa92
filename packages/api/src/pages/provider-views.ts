import { html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { factorField, notice, page } from './layout.ts'

/** Asks for the second factor. */
export function codeForm(status: number, provider: string, message: string | null): Answer {
  const title = 'One more step'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${message === null ? null : html`<p class="problem" role="alert" id="problem">${message}</p>`}
      <form method="post" action="${provider}">
        ${factorField}
        <div class="buttons"><button class="main">Sign in</button></div>
      </form>`,
  )
}

export function noPasskeys(): Answer {
  return notice(
    403,
    'Sign in elsewhere',
    'Your second factor is a passkey, which this page cannot ask for.',
    'Sign in with it in the application that you came from.',
  )
}

/** Somebody is signed in, and was not told where to go, or follows a link there. */
export function welcome(username: string, redirectTo: string | null): Answer {
  const further = redirectTo === null ? 'You can close this page.' : html`<a href="${redirectTo}">Continue</a>`
  return notice(200, 'You are signed in', html`As <strong>${username}</strong>.`, further)
}

/** Whoever comes back with an answer to nothing that this browser asked. */
export function over(): Answer {
  return notice(
    400,
    'This sign-in cannot go on',
    'It was begun in another browser, too long ago, or is finished already.',
    'Begin again where you came from.',
  )
}

export function refusedThere(cancelled: boolean): Answer {
  return notice(
    400,
    'You are not signed in',
    cancelled ? 'You, or whoever runs the provider, said no there.' : 'The provider could not sign you in.',
    'Begin again where you came from.',
  )
}
