import {
  anonymousActor,
  DenizenError,
  isPasswordLink,
  linkPaths,
  passwordLinks,
  type Core,
  type OutputOf,
  type Signatures,
} from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import type { Context } from '../procedures.ts'
import { linkOver } from './link-over.ts'
import { answerForm, failurePage, type FormPage, type PageRequest, type Titles } from './respond.ts'
import { passwordForm, passwordSet, type Link } from './password-views.ts'

/** Where links for setting a password lead. */
export const passwordPaths: ReadonlySet<string> = new Set(passwordLinks.map((purpose) => linkPaths[purpose]))

/**
 * The page behind the links for a forgotten password and for a new account: GET shows
 * what the link is for and consumes nothing, because mail scanners follow links too; POST
 * sets the password.
 *
 * Cookies and credentials are ignored here, and nobody is signed in: another site that
 * makes a browser send this form gains nothing that it could not send by itself. There is
 * no cross-site request forgery to guard against.
 */
export async function answerPassword(asked: PageRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, requestId } = asked
  const { url = '' } = request
  const caller = { actor: anonymousActor, credential: 'none', origin: originOf(request, requestId, proxies) } as const
  const context = contextOf(core, caller)
  const form: FormPage = {
    async show(query) {
      const token = query.get('token') ?? ''
      return passwordForm(200, await view(context, token), token, null)
    },
    act: (fields) => choose(context, fields),
  }
  const purpose = url.startsWith(linkPaths.setup) ? 'setup' : 'resetPassword'
  return answerForm(asked, core, form, (error, requestId) =>
    failurePage(error, requestId, { titles, assurance: 'Nothing was changed', onward: linkOver(core, error, purpose, url), url }),
  )
}

async function choose(context: Context, fields: URLSearchParams): Promise<Answer> {
  const token = fields.get('token') ?? ''
  const password = fields.get('password') ?? ''
  const link = await view(context, token)
  if (password === '') return passwordForm(400, link, token, 'Choose a password.')
  try {
    const output = (await context.call('auth.resetPassword', { token, password })) as OutputOf<Signatures['auth']['resetPassword']>
    return passwordSet(output.username, link.email)
  } catch (error) {
    if (!isAboutPassword(error)) throw error
    return passwordForm(400, link, token, error.message)
  }
}

function isAboutPassword(error: unknown): error is DenizenError {
  return error instanceof DenizenError && error.kind === 'invalid'
}

async function view(context: Context, token: string) {
  // A token that is too long is treated like a wrong one.
  const link = (await context.call('auth.viewVerification', { token: token.slice(0, 256) || 'none' })) as Link
  const { purpose } = link
  if (!isPasswordLink(purpose)) throw wrongPlace
  return { ...link, purpose }
}

/** A link of another kind has a page of its own; here it is invalid. */
const wrongPlace = new DenizenError(
  'auth.linkInvalid',
  'notFound',
  'This link belongs to another page: open it exactly as it is in the email.',
)

const titles: Titles = {
  'auth.linkInvalid': 'This link does not work',
  'auth.claimNeedsMerge': 'You already have an account',
  'passwords.busy': 'Too many requests at once',
}
