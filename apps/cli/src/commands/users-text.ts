import { shellWord } from '@denizen/core/contract'
import type { OutputOf, OwnUser, signatures, User } from '@denizen/core/contract'
import { denizen } from '../common-options.ts'
import { inLine, record } from '../output.ts'
import type { Column } from '../table.ts'
import { permissionLines } from '../permission-areas.ts'
import { inWords } from '../value-words.ts'

export const userColumns: readonly Column<User>[] = [
  { title: 'USERNAME', whole: true, value: ({ username }) => username },
  { title: 'EMAIL', value: ({ email }) => email },
  { title: 'NAME', value: ({ displayName, fullName }) => displayName ?? fullName },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'ID', whole: true, value: ({ id }) => id },
]

/** A user as lines; usual values are left out. */
export function userText(user: User & { readonly privateMetadata?: object | null }): string {
  const { container } = user
  return record([
    ['id', user.id],
    ['username', user.username],
    ['email', user.email === null ? null : `${user.email}${user.emailVerified ? '' : ' (not verified)'}`],
    ['full name', user.fullName],
    ['display name', user.displayName],
    ['phone', user.phone],
    ['avatar', user.avatarUrl],
    ['locale', user.locale],
    ['time zone', user.timezone],
    ['description', user.description],
    ['status', user.statusReason === null ? user.status : `${user.status}: ${user.statusReason}`],
    ['status since', user.statusChangedAt],
    ['archived', user.archivedAt],
    ['archived because', user.archiveReason],
    ['grants frozen since', user.grantsFrozenAt],
    ['legal hold', unlessUsual(user.legalHold)],
    ['kind', user.kind],
    ['bot', unlessUsual(user.isBot)],
    ['scanner', unlessUsual(user.isScanner)],
    ['must change password', unlessUsual(user.needPasswordChange)],
    ['allowed addresses', user.allowedIps.length === 0 ? null : user.allowedIps],
    ['resource policy', user.resourcePolicy],
    ['sudo sessions', unlessUsual(user.sudoSessionEnabled)],
    [
      'container',
      container === null ? null : `uid ${container.uid}, main gid ${container.mainGid}, gids ${container.gids.join(' ') || '-'}`,
    ],
    ['preferences', unlessEmpty(user.preferences)],
    ['public metadata', unlessEmpty(user.publicMetadata)],
    ['private metadata', unlessEmpty(user.privateMetadata ?? {})],
    ['home organization', user.homeOrganizationId],
    ['version', user.version],
    ['created', user.createdAt],
    ['changed', user.updatedAt],
  ])
}

function unlessUsual(is: boolean): true | null {
  return is ? true : null
}

function unlessEmpty(value: object): object | null {
  return Object.keys(value).length === 0 ? null : value
}

/** One's own account; what is asked of its user comes first. */
export function ownText(user: OwnUser): string {
  const { pendingEmail } = user
  if (pendingEmail === null) return userText(user)
  const asked = `A link was mailed to ${inLine(pendingEmail)}. Follow it to use that address; until then nothing changes.
It is given up by: ${denizen} users update-current ${user.email === null ? '--clear email' : `--email ${shellWord(user.email)}`}`
  return `${asked}\n\n${userText(user)}`
}

export function currentText(current: OutputOf<typeof signatures.users.current>): string {
  const { user, roles, permissions, organization, memberships, session, pendingSteps } = current
  const rest = record([
    ['roles', roles],
    ['permissions', permissionLines(permissions)],
    ['organization', organization?.slug],
    ['memberships', memberships.map(({ organization: { slug }, role }) => `${slug} (${role})`)],
    ['assurance', session && inWords(session.assurance)],
    ['session until', session?.expiresAt],
    ['still to do', pendingSteps.length === 0 ? null : pendingSteps.map(inWords)],
  ])
  return `${ownText(user)}\n\n${rest}`
}
