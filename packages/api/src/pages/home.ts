import type { IncomingMessage } from 'node:http'
import { html, type Core, type Html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { noSuchResource } from '../errors.ts'
import { problem } from '../rest.ts'
import { notice, page } from './layout.ts'
import { forgottenPath, requestPages, signUpRequestPath } from './requests.ts'

export const homePath = '/'

/** Where people land who open the address of the installation: what they can do here. Links are relative, so that a path prefix of the public URL is kept. */
export function answerHome(core: Core): Answer {
  const { name, identityProviders } = core.settings
  const offered = (path: string, text: string) => (requestPages.get(path)?.refusal(core) === null ? link(path, text) : null)
  const providers = identityProviders
    .filter(({ client }) => client !== null)
    .map(({ id }) => link(`oauth/start/${id}`, `Sign in with ${id}`))
  return page(
    200,
    name,
    html`<h1>${name}</h1>
      <p class="soft">Your account for the applications that sign in here.</p>
      <a class="main" href="passkeys">Sign in</a>
      <ul class="plain">
        ${providers} ${offered(signUpRequestPath, 'Create an account')} ${offered(forgottenPath, 'Forgot your password?')}
        ${link('/device', 'Enter the code of a device')}
      </ul>
      <p class="hint">
        For developers: calls go to <code>trpc</code> at this address. The client is <code>@denizen/client</code>, the command line
        <code>denizen</code>; both are described in the folder <code>docs</code> of Denizen.
      </p>`,
  )
}

/** Nothing is at this address: a page that leads home for whoever opened it in a browser, JSON for programs. */
export function answerUnknown({ settings }: Core, { method, headers }: IncomingMessage, requestId: string): Answer {
  const isOpened = method === 'GET' && (headers.accept ?? '').includes('text/html')
  if (!isOpened) return problem(noSuchResource({}), requestId)
  const home = html`<a class="main" href="${settings.publicUrl}">Go to ${settings.name}</a>`
  return notice(404, 'There is nothing here', 'The address may be mistyped, or out of date.', home)
}

function link(path: string, text: string): Html {
  return html`<li><a href="${path.replace(/^\//, '')}">${text}</a></li>`
}
