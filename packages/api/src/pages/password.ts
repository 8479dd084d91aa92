import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { methodNotAllowed } from '../errors.ts'
import type { Context } from '../trpc.ts'
import { answerPage, failurePage, readForm, type Asked } from './answering.ts'
import { isPasswordLink, passwordForm, passwordSet, paths, type Link } from './password-views.ts'

/** Where links lead that end in a new password. */
export const passwordPaths: ReadonlySet<string> = new Set(Object.values(paths))

/**
 * The page behind the links for a forgotten password and a new account: GET shows
 * what the link is for and uses nothing up, for programs that look into mails follow
 * links too; POST sets the password.
 *
 * Nothing here looks at cookies or credentials, and nobody is signed in by it: a
 * foreign page that makes a browser send this form reaches nothing that it could
 * not send itself. There is no forgery to guard against.
 */
export async function answerPassword(asked: Asked, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, search, requestId } = asked
  const caller = { actor: anonymousActor, credential: 'none', origin: originOf(request, requestId, proxies) } as const
  const context = contextOf(core, caller, { plan: false })
  return answerPage(
    asked,
    core,
    async () => {
      switch (request.method) {
        case 'GET':
        case 'HEAD': {
          const token = new URLSearchParams(search).get('token') ?? ''
          return passwordForm(200, await view(context, token), token, null)
        }
        case 'POST': {
          const fields = await readForm(request)
          return fields === null ? null : await choose(context, fields)
        }
        default:
          throw methodNotAllowed({ method: request.method ?? '', allowed: ['GET', 'HEAD', 'POST'] })
      }
    },
    failure,
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
  // Too long a token is no other case than a wrong one.
  const link = (await context.call('auth.viewVerification', { token: token.slice(0, 256) || 'none' })) as Link
  if (!isPasswordLink(link)) throw wrongPlace
  return link
}

/** A link of another kind has a page of its own; here it is none. */
const wrongPlace = new DenizenError('auth.linkInvalid', 'notFound', 'This link leads somewhere else: open it as it stands in the mail.')

const titles: Readonly<Record<string, string>> = {
  'auth.linkInvalid': 'This link does not work',
  'auth.claimNeedsMerge': 'You have an account already',
  'passwords.busy': 'Too many at once',
}

function failure(error: DenizenError, requestId: string): Answer {
  return failurePage(error, requestId, { titles, assurance: 'Nothing was changed' })
}
