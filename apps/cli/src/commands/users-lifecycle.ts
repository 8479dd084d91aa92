import { signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { bold, printable, record } from '../output.ts'
import { table, type Column } from '../table.ts'
import { userText } from './users-text.ts'

const { users: actions } = signatures

/** Status, archiving, promotion and containment of users. */
export function addLifecycle(users: Command): void {
  addStatus(users)
  addArchive(users)
  addPromotion(users)
  addAction(users, {
    signature: actions.contain,
    arguments: ['userId'],
    confirmation: (_, [user = '']) =>
      `Contain ${printable(user)}? It is suspended, its sessions and tokens end, and its roles and memberships grant nothing until they are released.`,
    show: containedText,
    examples: ['users contain mallory --reason "token found in a paste"', 'users contain mallory --reason test --dry-run'],
  })
}

function addStatus(users: Command): void {
  addAction(users, {
    signature: actions.setStatus,
    arguments: ['userId', 'status'],
    confirmation: ({ status }, [user = '']) =>
      status === 'active' ? null : `Set the status of ${printable(user)} to ${String(status)}? It ends every session of the user.`,
    show: ({ user, sessionsEnded, tokensEnded }) =>
      record([
        ['user', user.username],
        ['status', user.status],
        ['reason', user.statusReason],
        ['grants frozen since', user.grantsFrozenAt],
        ['sessions ended', sessionsEnded],
        ['tokens ended', tokensEnded],
      ]),
    examples: [
      'users set-status ada suspended --reason "lost laptop"',
      'users set-status ada active',
      'users set-status mallory active --release-grants',
    ],
  })
}

function addArchive(users: Command): void {
  addAction(users, {
    signature: actions.archive,
    arguments: ['userId'],
    confirmation: (_, [user = '']) => `Archive ${printable(user)}? Its sessions and tokens end; it can be restored for a while.`,
    show: ({ user, sessionsEnded, tokensEnded, invitationsRevoked, restorableUntil }) =>
      record([
        ['user', user.username],
        ['status', user.status],
        ['reason', user.archiveReason],
        ['sessions ended', sessionsEnded],
        ['tokens ended', tokensEnded],
        ['invitations revoked', invitationsRevoked],
        ['can be restored until', restorableUntil],
      ]),
    examples: ['users archive ada --reason "left the company"', 'users archive ada --dry-run'],
  })
  addAction(users, { signature: actions.restore, arguments: ['userId'], show: userText, examples: ['users restore ada'] })
  addAction(users, {
    signature: actions.setLegalHold,
    arguments: ['userId', 'legalHold'],
    confirmation: ({ legalHold }, [user = '']) =>
      legalHold === true ? null : `Lift the legal hold on ${printable(user)}? Its data can be purged from then on.`,
    show: userText,
    examples: ['users set-legal-hold ada on --reason "case 17"', 'users set-legal-hold ada off'],
  })
}

function addPromotion(users: Command): void {
  addAction(users, {
    signature: actions.promote,
    arguments: ['userId'],
    confirmation: (_, [user = '']) => `Make ${printable(user)} a superadmin, who may do everything?`,
    show: ({ outcome }) => (outcome === 'promoted' ? 'The user is now a superadmin.' : 'The user was already a superadmin.'),
    examples: ['users promote ada --reason "on call"'],
  })
  addAction(users, {
    signature: actions.demote,
    arguments: ['userId'],
    confirmation: (_, [user = '']) => `Revoke the role superadmin from ${printable(user)}?`,
    show: ({ outcome }) => (outcome === 'demoted' ? 'The user is no longer a superadmin.' : 'The user was not a superadmin.'),
    examples: ['users demote ada'],
  })
}

type Contained = OutputOf<typeof actions.contain>

const from: Column<{ readonly ip: string | null }> = { title: 'FROM', value: ({ ip }) => ip }

/** The report at the beginning of an incident. */
function containedText(contained: Contained): string {
  const { user, rolesFrozen, organizations } = contained
  const done = record([
    ['user', user.username],
    ['id', user.id],
    ['status', user.statusReason === null ? user.status : `${user.status}: ${user.statusReason}`],
    ['sessions ended', contained.sessionsEnded],
    ['tokens ended', contained.tokensEnded],
    ['invitations revoked', contained.invitationsRevoked],
    ['roles frozen', rolesFrozen],
  ])
  const lost = section('Memberships frozen', organizations, [
    { title: 'ORGANIZATION', whole: true, value: ({ organization }) => organization.slug },
    { title: 'NAME', value: ({ organization }) => organization.name },
    { title: 'ROLE', value: ({ role }) => role },
  ])
  const next = `When it is over: ${denizen} users set-status ${printable(user.username)} active --release-grants`
  return [done, lost, ...recent(contained), next].join('\n\n')
}

/** What the user did recently. */
function recent({ recentSessions, recentSignIns, recentActions }: Contained): readonly string[] {
  return [
    section('Recent sessions', recentSessions, [
      { title: 'STARTED', value: ({ createdAt }) => createdAt },
      { title: 'ENDED', value: ({ endedAt }) => endedAt },
      from,
      { title: 'WITH', value: ({ userAgent }) => userAgent },
    ]),
    section('Recent sign-ins', recentSignIns, [
      { title: 'AT', value: ({ at }) => at },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      from,
      { title: 'WITH', value: ({ userAgent }) => userAgent },
    ]),
    section('Recent actions', recentActions, [
      { title: 'AT', value: ({ at }) => at },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'TARGET', value: ({ targetId }) => targetId },
      from,
    ]),
  ]
}

function section<Row>(title: string, rows: readonly Row[], columns: readonly Column<NoInfer<Row>>[]): string {
  return `${bold(title)}\n${rows.length === 0 ? 'none' : table(rows, columns)}`
}
