import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type TargetFinder } from '../../kernel/action.ts'
import { callerId, type Actor } from '../../kernel/actor.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { cutPage, openCursor } from '../../kernel/page.ts'
import { anyOf, granted, owner, type Target } from '../../kernel/rule.ts'
import type { ParsedInputOf } from '../../kernel/signature.ts'
import { allOf } from '../../organizations/index.ts'
import type { RoleId, ScopeInput } from '../model.ts'
import { findScope } from '../facts/scopes.ts'
import { shownAssignment, shownColumns, shownTables, type AssignmentRecord } from './repository.ts'
import { assignmentsSignatures } from './signatures.ts'
import { scopeTarget } from './targets.ts'

type Input = ParsedInputOf<typeof assignmentsSignatures.listAssignments>
interface Condition {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export const listAssignments = defineQuery(assignmentsSignatures.listAssignments, {
  allow: anyOf(granted, owner),
  aboutCredential: true,
  target: {
    type: scopeTarget.type,
    async find(em, input, actor) {
      const userId = subjectUser(input, actor)
      if (userId !== null && userId === callerId(actor))
        return { type: 'user', id: userId, organizationId: null, userId, visibleWith: assignmentsSignatures.listAssignments.name }
      return targetOfListing(em, input, actor)
    },
  } satisfies TargetFinder<Input>,
  async handle({ open, ports, actor, now }, input) {
    const { limit, cursor, total, ...filters } = input
    const cursorScope = { action: assignmentsSignatures.listAssignments.name, filters, viewer: callerId(actor) ?? actor.kind }
    const position = await openCursor(ports.cipher, cursorScope, cursor)
    const em = await open()
    const which = allOf(...(await visibleAssignments(em, input, actor)), ...filterConditions(input, actor, now))
    const rows = await select(em, which, position === null ? null : String(position[0]), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, cursorScope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: shown.map((row) => shownAssignment(row, now)), nextCursor, total: total ? await count(em, which) : null }
  },
})

/** The user whose assignments are listed: the named one, or the caller if nothing is named; null: not of one user. */
function subjectUser({ userId, teamId, roleId, on, organizationId }: Input, actor: Actor): Id<'usr'> | null {
  if (userId !== undefined) return userId
  return [teamId, roleId, on, organizationId].some((named) => named !== undefined) ? null : callerId(actor)
}

/** The scope whose assignments are listed; the rule is decided there. undefined: everywhere; null: it does not exist. */
async function targetOfListing(em: SqlEntityManager, input: Input, actor: Actor): Promise<Target | null | undefined> {
  if (input.on !== undefined) return scopeTarget.find(em, { on: input.on }, actor)
  const organizationId = await organizationOfListing(em, input)
  if (organizationId === undefined || organizationId === null) return organizationId
  return scopeTarget.find(em, { on: { organizationId } }, actor)
}

/** The organization that is named, or that of the named team or role. */
async function organizationOfListing(
  em: SqlEntityManager,
  { organizationId, teamId, roleId }: Input,
): Promise<Id<'org'> | null | undefined> {
  if (organizationId !== undefined) return organizationId
  if (teamId !== undefined) return (await findScope(em, { teamId }))?.organizationId ?? null
  return roleId === undefined ? undefined : organizationOfRole(em, roleId)
}

/** undefined: a role of the installation. */
async function organizationOfRole(em: SqlEntityManager, roleId: RoleId): Promise<Id<'org'> | null | undefined> {
  const [row] = await em.execute<{ organization: string | null }[]>(
    'select organization_id::text as organization from roles where id = ?',
    [uuidOf(roleId)],
  )
  if (row === undefined) return null
  return row.organization === null ? undefined : idOf('org', row.organization)
}

/**
 * Everything the caller may see, before filters: their own assignments in organizations where they are a member, those of the
 * organization or scope that is listed, or all.
 */
async function visibleAssignments(em: SqlEntityManager, input: Input, actor: Actor): Promise<readonly Condition[]> {
  if (isOwn(input, actor)) return [ownAssignments(actor)]
  const organizationId = input.on === undefined ? await organizationOfListing(em, input) : undefined
  const scope = input.on ?? (organizationId === undefined || organizationId === null ? {} : { organizationId })
  if (organizationId === null || (await findScope(em, scope)) === null) throw notFound({ type: scopeTarget.type })
  // A scope that is named is a filter anyway.
  return organizationId === undefined ? [] : [{ sql: 'a.organization_id = ?', parameters: [uuidOf(organizationId)] }]
}

function isOwn(input: Input, actor: Actor): boolean {
  const userId = subjectUser(input, actor)
  return userId !== null && userId === callerId(actor)
}

/** A token for one organization sees only assignments there and outside of organizations. */
function ownAssignments(actor: Actor): Condition {
  const organizations = actor.kind === 'user' ? actor.principal.memberships.map(({ organizationId }) => organizationId) : []
  return { sql: '(a.organization_id is null or a.organization_id = any(?::uuid[]))', parameters: [uuidsOf(organizations)] }
}

function filterConditions(input: Input, actor: Actor, now: Date): readonly Condition[] {
  const { throughTeams, teamId, roleId, organizationId, on } = input
  const userId = subjectUser(input, actor)
  const conditions: Condition[] = [inTime(input, now)]
  if (userId !== null) {
    const user = uuidOf(userId)
    const seats = throughTeams ? ' or a.team_id in (select s.team_id from team_members s where s.user_id = ?)' : ''
    conditions.push({ sql: `a.user_id = ?${seats}`, parameters: throughTeams ? [user, user] : [user] })
  }
  if (teamId !== undefined) conditions.push({ sql: 'a.team_id = ?', parameters: [uuidOf(teamId)] })
  if (roleId !== undefined) conditions.push({ sql: 'a.role_id = ?', parameters: [uuidOf(roleId)] })
  if (organizationId !== undefined) conditions.push({ sql: 'a.organization_id = ?', parameters: [uuidOf(organizationId)] })
  if (on !== undefined) conditions.push(exactScope(on))
  return conditions
}

function exactScope(on: ScopeInput): Condition {
  if ('organizationId' in on)
    return { sql: `a.scope_kind = 'organization' and a.organization_id = ?`, parameters: [uuidOf(on.organizationId)] }
  if ('teamId' in on) return { sql: 'a.scope_team_id = ?', parameters: [uuidOf(on.teamId)] }
  if ('resourceId' in on) return { sql: 'a.resource_id = ?', parameters: [uuidOf(on.resourceId)] }
  return { sql: `a.scope_kind = 'system'`, parameters: [] }
}

/** Assignments that counted at a time; else those that have not ended, or all. */
function inTime({ at, history }: Input, now: Date): Condition {
  const lasts = '(a.valid_until is null or a.valid_until > ?)'
  if (at !== undefined) {
    const sql = `a.granted_at <= ? and a.valid_from <= ? and ${lasts} and (a.revoked_at is null or a.revoked_at > ?)`
    return { sql, parameters: [at, at, at, at] }
  }
  return history ? { sql: 'true', parameters: [] } : { sql: `a.revoked_at is null and ${lasts}`, parameters: [now] }
}

/** One page, with one row more if there is a next page. */
function select(em: SqlEntityManager, { sql, parameters }: Condition, after: string | null, limit: number): Promise<AssignmentRecord[]> {
  return em.execute<AssignmentRecord[]>(
    `select ${shownColumns} from ${shownTables} where ${sql} and (?::uuid is null or a.id > ?::uuid) order by a.id limit ?`,
    [...parameters, after, after, limit + 1],
  )
}

async function count(em: SqlEntityManager, { sql, parameters }: Condition): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from role_assignments a where ${sql}`, [...parameters])
  return row?.count ?? 0
}
