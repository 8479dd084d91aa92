import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import type { Context } from '../procedures.ts'
import { linkOver } from './link-over.ts'
import { answerForm, failurePage, type FormPage, type PageRequest, type Titles } from './respond.ts'
import { accepted, declined, invitationForm, type Attempt, type Invitation } from './invitation-views.ts'

/** Where the links in invitations lead. */
export const invitationPath = '/invitations/accept'

/**
 * The page behind the link of an invitation: GET shows it and consumes nothing, because
 * mail scanners follow links too; POST accepts or declines.
 *
 * Cookies and credentials are ignored here: only the token counts. So another site that
 * makes a browser send this form gains nothing that it could not send by itself, and there
 * is no cross-site request forgery to guard against.
 */
export async function answerInvitation(asked: PageRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, requestId } = asked
  const context = contextOf(core, { actor: anonymousActor, credential: 'none', origin: originOf(request, requestId, proxies) })
  const form: FormPage = {
    async show(query) {
      const token = query.get('token') ?? ''
      return invitationForm(200, await view(context, token), token, null)
    },
    act: async (fields) => decide(context, formOf(fields)),
  }
  const { url = '' } = request
  return answerForm(asked, core, form, (error, id) =>
    failurePage(error, id, { titles, assurance: 'Nothing was changed', onward: linkOver(core, error, 'invitation', url), url }),
  )
}

interface Form {
  readonly token: string
  /** null: none was made. */
  readonly decision: 'accept' | 'decline' | null
  readonly password: string
  readonly fullName: string
}

function formOf(fields: URLSearchParams): Form {
  const decision = (['accept', 'decline'] as const).find((known) => known === fields.get('decision')) ?? null
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
    invitationForm(400, invitation, token, { fullName, problem: { field, message } })
  if (decision === null) return again(null, 'Press Accept or Decline.')
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
    const wrong = problemOf(error)
    if (wrong === null) throw error
    return again(wrong.field, wrong.message)
  }
}

async function view(context: Context, token: string): Promise<Invitation> {
  // A token that is too long is treated like a wrong one.
  return (await context.call('organizations.viewInvitation', { token: token.slice(0, 256) || 'none' })) as Invitation
}

const labels = { password: 'Password', fullName: 'Full name' } as const

/** Which field is wrong, and how; null: the error is about something else. */
function problemOf(error: unknown): Attempt['problem'] | null {
  if (!(error instanceof DenizenError)) return null
  if (error.code.startsWith('passwords.') && error.kind === 'invalid') return { field: 'password', message: error.message }
  if (error.code !== 'request.invalid') return null
  const { issues = [] } = error.details as { issues?: readonly { path: string; message: string }[] }
  for (const { path, message } of issues)
    if (path === 'password' || path === 'fullName') return { field: path, message: `${labels[path]}: ${message}.` }
  return null
}

const titles: Titles = {
  'organizations.invitationInvalid': 'This invitation cannot be used',
  'organizations.seatsTaken': 'The organization is full',
  'organizations.alreadyMember': 'You are already a member',
  'organizations.signInFirst': 'Sign in first',
  'auth.signUpClosed': 'You need an account first',
}
