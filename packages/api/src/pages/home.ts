import type { IncomingMessage } from 'node:http'
import { html, type Actor, type Core, type Html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { noSuchResource } from '../errors.ts'
import { callerOf } from '../context.ts'
import type { TrustedProxies } from '../addresses.ts'
import { problem } from '../rest.ts'
import { answerPage, type PageRequest } from './respond.ts'
import { notice, page } from './layout.ts'
import { forgottenPath, requestPages, signUpRequestPath } from './requests.ts'

export const homePath = '/'

/** Where people land who open the address of the installation: what they can do here. Links are relative, so that a path prefix of the public URL is kept. */
export function answerHome(
  { request, requestId }: Omit<PageRequest, 'search'>,
  core: Core,
  proxies: TrustedProxies,
): Promise<Answer | null> {
  return answerPage({ requestId }, core, async () => home(core, (await callerOf(request, requestId, core, proxies)).actor))
}

function home(core: Core, actor: Actor): Answer {
  const { name } = core.settings
  return page(
    200,
    name,
    html`<h1>${name}</h1>
      <p class="soft">Your account for the applications that sign in here.</p>
      ${actor.kind === 'user' ? inside(actor.principal.username) : outside(core)}
      <p class="hint">
        For developers: calls go to <code>trpc</code> at this address. The client is <code>@denizen/client</code>, the command line
        <code>denizen</code>; both are described in the folder <code>docs</code> of Denizen.
      </p>`,
  )
}

const device = link('/device', 'Enter the code of a device')

/** For whoever is signed in in this browser. */
function inside(username: string): Html {
  return html`<p>You are signed in as <strong>${username}</strong>.</p>
    <ul class="plain">
      ${link('/passkeys', 'Your passkeys, or sign in as somebody else')} ${device}
    </ul>`
}

function outside(core: Core): Html {
  const { identityProviders } = core.settings
  const offered = (path: string, text: string) => (requestPages.get(path)?.refusal(core) === null ? link(path, text) : null)
  const providers = identityProviders
    .filter(({ client }) => client !== null)
    .map(({ id }) => link(`oauth/start/${id}`, `Sign in with ${id}`))
  return html`<a class="main" href="passkeys">Sign in</a>
    <ul class="plain">
      ${providers} ${offered(signUpRequestPath, 'Create an account')} ${offered(forgottenPath, 'Forgot your password?')} ${device}
    </ul>`
}

/** The first page as seen from another. Relative, so that a path prefix of the public URL is kept. */
export function homeFrom(url: string): string {
  const [path = ''] = url.split('?')
  return '../'.repeat(Math.max(path.split('/').length - 2, 0)) || './'
}

/** Nothing is at this address: a page that leads home for whoever opened it in a browser, JSON for programs. */
export function answerUnknown({ settings }: Core, { method, headers }: IncomingMessage, requestId: string): Answer {
  const isOpened = method === 'GET' && (headers.accept ?? '').includes('text/html')
  if (!isOpened) return problem(noSuchResource({}), requestId)
  const onward = html`<a class="main" href="${settings.publicUrl}">Go to ${settings.name}</a>`
  return notice(404, 'There is nothing here', 'The address may be mistyped, or out of date.', onward)
}

function link(path: string, text: string): Html {
  return html`<li><a href="${path.replace(/^\//, '')}">${text}</a></li>`
}
