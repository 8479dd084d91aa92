import { html, type Core, type Html } from '@denizen/core'
import { forgottenPath, requestPages, signUpRequestPath } from './requests.ts'

/** An item of a list of links. Relative, so that a path prefix of the public URL is kept. */
export function link(path: string, text: string): Html {
  return html`<li><a href="${path.replace(/^\//, '')}">${text}</a></li>`
}

/** What people can do who are not signed in and have no password, or not any more: as far as it works here. */
export function waysToBegin(core: Core): readonly Html[] {
  const offered = (path: string, text: string) => (requestPages.get(path)?.refusal(core) === null ? [link(path, text)] : [])
  return [
    ...core.settings.identityProviders
      .filter(({ client }) => client !== null)
      .map(({ id }) => link(`oauth/start/${id}`, `Sign in with ${id}`)),
    ...offered(signUpRequestPath, 'Create an account'),
    ...offered(forgottenPath, 'Forgot your password?'),
  ]
}
