import type { IncomingMessage } from 'node:http'
import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { readBody } from '../body.ts'
import { contextOf, originOf } from '../context.ts'
import { errorHeaders, malformed, mapped, methodNotAllowed, understood } from '../errors.ts'
import type { Context } from '../trpc.ts'
import { notice } from './layout.ts'
import { accepted, declined, question, type Attempt, type Invitation } from './views.ts'

/** Where the links of invitations lead. */
export const invitationPath = '/invitations/accept'

/** Bytes: the longest password, name and token, percent-encoded, fit many times. */
const longestForm = 32 * 1024

interface Asked {
  readonly request: IncomingMessage
  readonly search: string
  readonly requestId: string
}

/**
 * The page behind the link of an invitation: GET shows it and uses nothing up, for
 * programs that look into mails follow links too; POST answers it.
 *
 * Nothing here looks at cookies or credentials: whoever has the token may answer,
 * and nobody else can. So a foreign page that makes a browser send this form
 * reaches nothing that it could not send itself; there is no forgery to guard against.
 */
export async function answerInvitation(asked: Asked, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, search, requestId } = asked
  const context = contextOf(
    core,
    { actor: anonymousActor, credential: 'none', origin: originOf(request, requestId, proxies) },
    { plan: false },
  )
  try {
    switch (request.method) {
      case 'GET':
      case 'HEAD': {
        const token = new URLSearchParams(search).get('token') ?? ''
        return question(200, await view(context, token), token, null)
      }
      case 'POST': {
        const body = await readBody(request, longestForm, 'application/x-www-form-urlencoded')
        return body === null ? null : await decide(context, formOf(body))
      }
      default:
        throw methodNotAllowed({ method: request.method ?? '', allowed: ['GET', 'HEAD', 'POST'] })
    }
  } catch (thrown) {
    const error = understood(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown) core.ports.logger.error('a page failed unexpectedly', { requestId, error: thrown })
    return failure(error, requestId)
  }
}

interface Form {
  readonly token: string
  readonly decision: 'accept' | 'decline'
  readonly password: string
  readonly fullName: string
}

function formOf(body: string): Form {
  const fields = new URLSearchParams(body)
  const decision = fields.get('decision')
  if (decision !== 'accept' && decision !== 'decline') throw malformed('decision', 'accept or decline')
  const text = (name: string): string => fields.get(name) ?? ''
  return { token: text('token'), decision, password: text('password'), fullName: text('fullName').trim() }
}

async function decide(context: Context, form: Form): Promise<Answer> {
  const { token, decision, password, fullName } = form
  const invitation = await view(context, token)
  if (decision === 'decline') {
    await context.call('organizations.declineInvitation', { token })
    return declined(invitation.organization.name)
  }
  const again = (field: Attempt['problem']['field'], message: string): Answer =>
    question(400, invitation, token, { fullName, problem: { field, message } })
  if (invitation.needsPassword && password === '') return again('password', 'Choose a password.')
  try {
    const input = {
      token,
      ...(invitation.needsPassword && { password }),
      ...(!invitation.hasAccount && fullName !== '' && { fullName }),
    }
    const output = (await context.call('organizations.acceptInvitation', input)) as OutputOf<
      Signatures['organizations']['acceptInvitation']
    >
    return accepted(output, invitation)
  } catch (error) {
    const wrong = complaint(error)
    if (wrong === null) throw error
    return again(wrong.field, wrong.message)
  }
}

async function view(context: Context, token: string): Promise<Invitation> {
  // Too long a token is no other case than a wrong one.
  return (await context.call('organizations.viewInvitation', { token: token.slice(0, 256) || 'none' })) as Invitation
}

const labels = { password: 'Password', fullName: 'Full name' } as const

/** What is wrong with what was typed; null: something else is. */
function complaint(error: unknown): Attempt['problem'] | null {
  if (!(error instanceof DenizenError)) return null
  if (error.code.startsWith('passwords.') && error.kind === 'invalid') return { field: 'password', message: error.message }
  if (error.code !== 'request.invalid') return null
  const { issues = [] } = error.details as { issues?: readonly { path: string; message: string }[] }
  for (const { path, message } of issues)
    if (path === 'password' || path === 'fullName') return { field: path, message: `${labels[path]}: ${message}.` }
  return null
}

function failure(error: DenizenError, requestId: string): Answer {
  const { status } = mapped(error)
  const answer =
    error.kind === 'internal'
      ? notice(
          status,
          'Something went wrong',
          `It is our fault, and it is in our log as ${requestId}. Nothing was changed; try again in a while.`,
        )
      : notice(status, titles[error.code] ?? 'This did not work', error.message)
  return { ...answer, headers: [...(answer.headers ?? []), ...errorHeaders(error, 'none')] }
}

const titles: Readonly<Record<string, string>> = {
  'organizations.invitationInvalid': 'This invitation cannot be used',
  'organizations.seatsTaken': 'The organization is full',
  'organizations.alreadyMember': 'You are a member already',
  'organizations.signInFirst': 'Sign in first',
}
