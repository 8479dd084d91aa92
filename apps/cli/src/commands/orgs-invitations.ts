import { signatures, type Invitation } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type Input } from '../action-command.ts'
import { denizen } from '../options.ts'
import { localTime, printable, record } from '../output.ts'
import { addPaged } from '../paged-command.ts'
import { ownInvitation, sentInvitation } from '../references.ts'

const { organizations: actions } = signatures

/** Asking people to join, and answering. */
export function addInvitations(orgs: Command): void {
  addAsking(orgs)
  addAnswering(orgs)
}

function addAsking(orgs: Command): void {
  addAction(orgs, {
    signature: actions.invite,
    arguments: ['organizationId', 'email'],
    question: ({ role }, [organization = '', email = '']) =>
      role === 'owner' ? `Invite ${printable(email)} to be an owner of ${printable(organization)}?` : null,
    show: invitationText,
    examples: ['orgs invite acme bob@example.org', 'orgs invite acme bob@example.org --role admin'],
  })
  addPaged(orgs, {
    signature: actions.listInvitations,
    arguments: ['organizationId'],
    things: 'invitations',
    columns: [
      { title: 'ORGANIZATION', value: ({ organization }) => organization.slug },
      { title: 'EMAIL', value: ({ email }) => email },
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
    extend: (command) => void command.option('--org <organization>', 'whose invitation, when it is named by its address (an id or a slug)'),
    question: (_, [invitation = '']) => `Take the invitation ${printable(invitation)} back? Its link stops working.`,
    show: invitationText,
    examples: ['orgs revoke-invitation bob@example.org --org acme', 'orgs revoke-invitation inv_01j… --yes'],
  })
}

function addAnswering(orgs: Command): void {
  addAction(orgs, {
    signature: actions.viewInvitation,
    adjust: onlyToken,
    show: ({ organization, email, role, expiresAt, hasAccount, needsPassword }) =>
      record([
        ['organization', `${organization.name} (${organization.slug})`],
        ['for', email],
        ['as', role],
        ['until', expiresAt],
        ['there is an account', hasAccount],
        ['accepting takes a password', needsPassword],
      ]),
    examples: ['orgs view-invitation', 'orgs view-invitation --token-stdin < link.txt'],
  })
  addAction(orgs, {
    signature: actions.acceptInvitation,
    arguments: [{ field: 'invitationId', as: ownInvitation }],
    adjust: onlyToken,
    objection: oneOf,
    show: ({ organization, role, accountCreated }) =>
      `You are in ${printable(organization.name)} (${printable(organization.slug)}) now, as ${role}.${accountCreated ? ` Your account was made. Sign in: ${denizen} login` : ''}`,
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
    objection: oneOf,
    question: () => 'Decline the invitation? Whoever sent it can invite you again.',
    show: ({ organization }) => `The invitation to ${printable(organization.name)} is declined.`,
    examples: ['orgs decline-invitation acme', 'orgs decline-invitation --token-prompt'],
  })
}

/** The whole link of the mail does as well. */
function onlyToken(input: Input): void {
  const { token } = input
  if (typeof token !== 'string') return
  const text = token.trim()
  input['token'] = (URL.canParse(text) ? new URL(text).searchParams.get('token') : null) ?? text
}

function oneOf({ token, invitationId }: Input): string | null {
  return (token === undefined) === (invitationId === undefined)
    ? 'Name the invitation, or give the token of the link with --token-prompt or --token-stdin.'
    : null
}

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
