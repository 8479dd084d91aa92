import { DenizenError } from '@denizen/core/calls'
import { signatures, type Invitation } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type Input } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { denizen } from '../common-options.ts'
import { inLine, localTime, printable, record } from '../output.ts'
import { onlyToken, requireInvitationLink } from '../mailed-links.ts'
import { addPaged } from '../paged-command.ts'
import { leastLength } from '../prompts.ts'
import { ownInvitation, sentInvitation } from '../references.ts'

const { organizations: actions } = signatures

/** Inviting people, and answering invitations. */
export function addInvitations(orgs: Command): void {
  addSent(orgs)
  addReceived(orgs)
}

function addSent(orgs: Command): void {
  addAction(orgs, {
    signature: actions.invite,
    arguments: ['organizationId', 'email'],
    confirmation: ({ role }, [organization = '', email = '']) =>
      role === 'owner' ? `Invite ${printable(email)} to be an owner of ${printable(organization)}?` : null,
    show: (invitation) => `${invitationText(invitation)}\n\n${whereMailIs}`,
    examples: ['orgs invite acme bob@example.org', 'orgs invite acme bob@example.org --role admin'],
  })
  addPaged(orgs, {
    signature: actions.listInvitations,
    arguments: ['organizationId'],
    things: 'invitations',
    columns: [
      { title: 'ORGANIZATION', value: ({ organization }) => organization.slug },
      { title: 'EMAIL', whole: true, value: ({ email }) => email },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'INVITED', value: ({ createdAt }) => createdAt },
      { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['orgs list-invitations', 'orgs list-invitations acme --state pending'],
  })
  addAction(orgs, {
    signature: actions.revokeInvitation,
    arguments: [{ field: 'invitationId', as: sentInvitation }],
    extend: (command) =>
      void command.option(
        '--org <organization>',
        'the organization that invited, if you name the invitation by its address (an id or a slug)',
      ),
    confirmation: (_, [invitation = '']) => `Revoke the invitation ${printable(invitation)}? Its link stops working.`,
    show: invitationText,
    examples: ['orgs revoke-invitation bob@example.org --org acme', 'orgs revoke-invitation inv_01j… --yes'],
  })
}

function addReceived(orgs: Command): void {
  addAction(orgs, {
    signature: actions.viewInvitation,
    adjust: onlyToken,
    prepare: onlyInvitation,
    show: ({ organization, email, role, expiresAt, hasAccount, needsPassword }) =>
      record([
        ['organization', `${organization.name} (${organization.slug})`],
        ['for', email],
        ['as', role],
        ['until', expiresAt],
        ['has an account', hasAccount],
        ['password needed', needsPassword],
      ]),
    examples: ['orgs view-invitation', 'orgs view-invitation --token-stdin < link.txt'],
  })
  addAnswers(orgs)
}

function addAnswers(orgs: Command): void {
  addAction(orgs, {
    signature: actions.acceptInvitation,
    arguments: [{ field: 'invitationId', as: ownInvitation }],
    beforeAsking,
    adjust: onlyToken,
    prepare: onlyInvitation,
    problem: oneOf,
    show: ({ organization, role, accountCreated }) =>
      `You have joined ${inLine(organization.name)} (${inLine(organization.slug)}) as ${role}.${accountCreated ? ` Your account was created. Sign in: ${denizen} login` : ''}`,
    examples: [
      'orgs accept-invitation acme',
      'orgs accept-invitation --token-prompt --password-prompt --full-name "Bob Jones"',
      'orgs accept-invitation --token-stdin --password-stdin < link-and-password.txt',
    ],
  })
  addAction(orgs, {
    signature: actions.declineInvitation,
    arguments: [{ field: 'invitationId', as: ownInvitation }],
    adjust: onlyToken,
    prepare: onlyInvitation,
    problem: oneOf,
    confirmation: () => 'Decline the invitation? You can be invited again.',
    show: ({ organization }) => `The invitation to ${inLine(organization.name)} is declined.`,
    examples: ['orgs decline-invitation acme', 'orgs decline-invitation --token-prompt'],
  })
}

/** Nobody has to think of a password for an invitation that is over, or is for somebody else. */
async function beforeAsking({ calls }: Connection, field: string, given: Input): Promise<string | null> {
  const { token } = withOnlyToken(given)
  if (field !== 'password' || typeof token !== 'string') return null
  await requireInvitationLink(calls, token)
  const { email, minimumPasswordLength } = await calls.organizations.viewInvitation({ token })
  const { user } = await calls.users.current().catch((error: unknown) => {
    if (error instanceof DenizenError && error.code === 'request.unauthenticated') return { user: null }
    throw error
  })
  if (user !== null && user.email !== email)
    throw new DenizenError(
      'organizations.invitedAnother',
      'denied',
      `This invitation is for ${email}, and you are signed in as ${user.username}.`,
    )
  return leastLength(minimumPasswordLength)
}

function withOnlyToken(given: Input): Input {
  const input = { ...given }
  onlyToken(input)
  return input
}

/** A link for something else is called what it is. */
async function onlyInvitation({ calls }: Connection, { token }: Input): Promise<void> {
  if (typeof token === 'string') await requireInvitationLink(calls, token)
}

function oneOf({ token, invitationId }: Input): string | null {
  return (token === undefined) === (invitationId === undefined)
    ? 'Name the invitation, or give the token of the link with --token-prompt or --token-stdin.'
    : null
}

const whereMailIs = `The link goes by mail. A server without DENIZEN_SMTP_URL writes it to a file
instead: "${denizen} doctor" there, under Mail, says where.`

function invitationText(invitation: Invitation): string {
  const { state, expiresAt } = invitation
  return record([
    ['id', invitation.id],
    ['for', invitation.email],
    ['as', invitation.role],
    ['state', state],
    ['link works until', state === 'pending' ? localTime(expiresAt) : null],
  ])
}
