import { counted } from '@denizen/core/contract'
import { DenizenError } from '@denizen/core/calls'
import type { Connection } from '../calls.ts'
import { inLines, record } from '../output.ts'
import { ScopeNames } from '../scope-names.ts'

/** The roles, organizations and second factors of a user, where the caller may read them; what they may not is left out. */
export async function assignmentsText(connection: Connection, userId: string): Promise<string> {
  const { calls } = connection
  const [assignments, memberships, factors] = await Promise.all([
    ifAllowed(calls.access.listAssignments({ userId, throughTeams: true, limit: 100 })),
    ifAllowed(calls.organizations.listMemberships({ userId, limit: 100 })),
    ifAllowed(calls.factors.list({ userId })),
  ])
  const names = new ScopeNames()
  await names.load(connection, assignments?.items.map(({ scope }) => scope) ?? [])
  return record([
    ['roles', assignments && rolesIn(assignments.items, names, assignments.nextCursor !== null)],
    ['organizations', memberships && organizationsIn(memberships.items, memberships.nextCursor !== null)],
    ['second factors', factors && factorsIn(factors)],
  ])
}

async function ifAllowed<Answer>(call: Promise<Answer>): Promise<Answer | null> {
  try {
    return inLines(await call)
  } catch (error) {
    if (error instanceof DenizenError && (error.kind === 'denied' || error.kind === 'notFound')) return null
    throw error
  }
}

type Assignments = Awaited<ReturnType<Connection['calls']['access']['listAssignments']>>['items']

function rolesIn(assignments: Assignments, names: ScopeNames, hasMore: boolean): string {
  const lines = assignments.map(({ role, permission, scope, subject }) => {
    const what = role === null ? `${permission ?? ''} (a permission)` : role.name
    const where = names.of(scope)
    return `${what}${where === null ? '' : ` on ${where}`}${subject.kind === 'team' ? ` through team ${subject.name}` : ''}`
  })
  return [...lines, ...(hasMore ? ['…'] : [])].join('\n') || 'none'
}

type Memberships = Awaited<ReturnType<Connection['calls']['organizations']['listMemberships']>>['items']

function organizationsIn(memberships: Memberships, hasMore: boolean): string {
  const lines = memberships.map(
    ({ organization: { slug, status }, role }) => `${slug} (${role}${status === 'active' ? '' : `, ${status}`})`,
  )
  return [...lines, ...(hasMore ? ['…'] : [])].join('\n') || 'none'
}

function factorsIn({ totp, passkeys, recoveryCodes }: Awaited<ReturnType<Connection['calls']['factors']['list']>>): string {
  const has = [
    ...(totp === null ? [] : ['authenticator app']),
    ...(passkeys === 0 ? [] : [counted(passkeys, 'passkey')]),
    ...(recoveryCodes === 0 ? [] : [`${recoveryCodes} recovery codes`]),
  ]
  return has.join(', ') || 'none'
}
