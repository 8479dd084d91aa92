import type { CommandContext } from '../../kernel/context.ts'
import { denied } from '../../kernel/errors.ts'
import { createRole, deleteRole, grantRolePermission, revokeRolePermission, setParents, updateRole } from '../roles/index.ts'
import { assignAll, type AssignmentRequest } from '../assignments/assign.ts'
import { createExclusion } from '../separation/create.ts'
import { deleteExclusion } from '../separation/delete.ts'
import { updateExclusion } from '../separation/update.ts'
import { revokeAll } from '../assignments/revoke.ts'
import { scopeInputOf } from '../facts/scopes.ts'
import type { RoleId } from '../model.ts'
import type { Difference } from './difference.ts'
import type { RoleReference, DesiredAssignment } from './resolve.ts'
import type { Tenant } from './current.ts'

type RoleDifference = Difference['roles'][number]
type ExclusionDifference = Difference['exclusions'][number]

/**
 * Makes every change through the handler of its single command, so that the same rules apply; if one is refused, nothing is changed.
 * Removals come first, so that nobody exceeds a limit in between; roles are deleted last, when nothing refers to them any more.
 */
export async function makeChanges(context: CommandContext, tenant: Tenant, difference: Difference): Promise<void> {
  requirePermissions(context, tenant, difference)
  const maker = new ChangeMaker(context, tenant)
  await maker.end(difference.assignments.flatMap(({ current }) => current ?? []))
  const { roles, exclusions } = difference
  for (const one of exclusions) if (isRemoved(one)) await maker.allow(one)
  for (const role of includedFirst(roles)) await maker.shape(role)
  for (const one of exclusions) if (!isRemoved(one) && !isStricter(one)) await maker.exclude(one)
  for (const role of [...roles.filter((one) => !addsInclusions(one)), ...roles.filter(addsInclusions)]) await maker.include(role)
  for (const one of exclusions) if (isStricter(one)) await maker.exclude(one)
  await maker.give(difference.assignments.flatMap(({ change, desired }) => (change.change === 'end' || desired === null ? [] : [desired])))
  for (const { change } of roles) if (change.change === 'delete' && change.roleId !== null) await maker.delete(change.roleId)
}

/** The same with the system as actor, who may do everything. Only for changes that are rolled back. */
export function makeChangesAsSystem(context: CommandContext, tenant: Tenant, difference: Difference): Promise<void> {
  return makeChanges({ ...context, actor: { kind: 'system', reason: 'a dry run' } }, tenant, difference)
}

/** New roles in an order that puts included roles first. Cycles are left to the handler to refuse. */
function includedFirst(roles: readonly RoleDifference[]): readonly RoleDifference[] {
  const fresh = new Map(roles.flatMap((role) => (role.current === null ? [[role.change.name, role] as const] : [])))
  const ordered = new Set<RoleDifference>()
  const seen = new Set<RoleDifference>()
  const visit = (role: RoleDifference): void => {
    if (seen.has(role)) return
    seen.add(role)
    for (const { id, name } of role.desired?.includes ?? []) {
      const included = id === null ? fresh.get(name) : undefined
      if (included !== undefined) visit(included)
    }
    ordered.add(role)
  }
  for (const role of roles) visit(role)
  return [...ordered]
}

/** Roles that only lose inclusions come before those that gain some, so that no role exceeds a limit in between. */
const addsInclusions = ({ change }: RoleDifference) => change.includes.added.length > 0

/** The kind of a set cannot be changed: a set of another kind replaces it. */
const isRemoved = ({ change: { before, after } }: ExclusionDifference) => before !== null && before.kind !== after?.kind

/** Whether a set is new or stricter than before. */
function isStricter({ change: { before, after } }: ExclusionDifference): boolean {
  if (before === null || after === null || before.kind !== after.kind) return after !== null
  return after.cardinality < before.cardinality || after.roles.some((role) => !before.roles.includes(role))
}

class ChangeMaker {
  readonly #context: CommandContext
  readonly #tenant: Tenant
  /** Roles created here, by name. */
  readonly #made = new Map<string, RoleId>()
  /** Those of them whose inclusions are complete. */
  readonly #whole = new Set<string>()

  constructor(context: CommandContext, tenant: Tenant) {
    this.#context = context
    this.#tenant = tenant
  }

  async end(current: readonly { readonly id: `asg_${string}`; readonly role: RoleReference | null }[]): Promise<void> {
    await revokeAll(
      this.#context,
      current.map(({ id, role }) => ({ assignmentId: id, kind: role === null ? 'permission' : 'role' })),
    )
    await this.#next()
  }

  /** Creates a role, or changes its description and own permissions. */
  async shape({ change, desired, current }: RoleDifference): Promise<void> {
    const { name, description, permissions } = change
    if (change.change === 'delete') return
    if (current === null) {
      const text = description?.after ?? undefined
      const includes = this.#known(desired?.includes ?? [])
      const input = { ...this.#whose, name, description: text, permissions: permissions.added, includes: includes ?? [] }
      const { id } = await createRole.handle(this.#context, input, undefined)
      this.#made.set(name, id as RoleId)
      if (includes !== null) this.#whole.add(name)
    } else {
      const roleId = current.id
      for (const permission of permissions.removed) {
        await revokeRolePermission.handle(this.#context, { roleId, permission }, [])
        await this.#context.giveWay()
      }
      for (const permission of permissions.added) {
        await grantRolePermission.handle(this.#context, { roleId, permission }, undefined)
        await this.#context.giveWay()
      }
      if (description !== null) await updateRole.handle(this.#context, { roleId, description: description.after }, undefined)
    }
    await this.#next()
  }

  async include({ change, desired, current }: RoleDifference): Promise<void> {
    const { added, removed } = change.includes
    if (added.length + removed.length === 0 || this.#whole.has(change.name)) return
    const includes = (desired?.includes ?? []).map((role) => this.#idOf(role))
    const roleId = this.#idOf(current ?? { id: null, name: change.name })
    await setParents.handle(this.#context, { roleId, includes }, [])
    await this.#next()
  }

  /** Deletes a set of separation of duty. */
  async allow({ change: { exclusionId } }: ExclusionDifference): Promise<void> {
    if (exclusionId !== null) await deleteExclusion.handle(this.#context, { exclusionId }, undefined)
    await this.#next()
  }

  /** Creates or updates a set. */
  async exclude({ change: { name }, desired, current }: ExclusionDifference): Promise<void> {
    if (desired === null) return
    const { kind, cardinality } = desired
    const roleIds = desired.roles.map((role) => this.#idOf(role))
    if (current !== null && current.kind === kind) {
      const [addRoleIds, removeRoleIds] = [roleIds, current.roles.map(({ id }) => id).filter((id) => !roleIds.includes(id))]
      await updateExclusion.handle(this.#context, { exclusionId: current.id, addRoleIds, removeRoleIds, cardinality }, undefined)
    } else {
      await createExclusion.handle(this.#context, { ...this.#whose, name, kind, cardinality, roleIds }, undefined)
    }
    await this.#next()
  }

  async give(desired: readonly DesiredAssignment[]): Promise<void> {
    await assignAll(
      this.#context,
      desired.map((assignment) => this.#giftOf(assignment)),
    )
    await this.#next()
  }

  #giftOf({ subject, role, permission, on, from, until, when }: DesiredAssignment): AssignmentRequest {
    return {
      subject: subject.kind === 'user' ? { userId: subject.id as `usr_${string}` } : { teamId: subject.id as `team_${string}` },
      what: role === null ? { permission: permission ?? '' } : { roleId: this.#idOf(role) },
      scope: scopeInputOf(on),
      validFrom: from === null ? undefined : new Date(from),
      validUntil: until === null ? undefined : new Date(until),
      condition: when ?? undefined,
    }
  }

  async delete(roleId: RoleId): Promise<void> {
    await deleteRole.handle(this.#context, { roleId }, [])
    await this.#next()
  }

  get #whose(): { readonly organizationId?: `org_${string}` } {
    const { organizationId } = this.#tenant
    return organizationId === null ? {} : { organizationId }
  }

  /** The ids of the roles, if all of them exist by now. */
  #known(roles: readonly RoleReference[]): RoleId[] | null {
    const ids = roles.flatMap(({ id, name }) => id ?? this.#made.get(name) ?? [])
    return ids.length === roles.length ? ids : null
  }

  #idOf({ id, name }: RoleReference): RoleId {
    const found = id ?? this.#made.get(name)
    if (found === undefined) throw new TypeError(`The role ${name} was not made.`)
    return found
  }

  /** Clears the identity map: every flush would go through all rows in it. */
  #next(): Promise<void> {
    this.#context.em.clear()
    return this.#context.giveWay()
  }
}

/** Applying a document needs the permission for each single command that it replaces. */
function requirePermissions({ actor }: CommandContext, { organizationId }: Tenant, difference: Difference): void {
  if (actor.kind === 'system') return
  const missing = [...requiredPermissions(difference)].find(
    (permission) => actor.kind !== 'user' || !actor.principal.grants.allows(permission, organizationId),
  )
  if (missing !== undefined) throw denied({ permission: missing })
}

function requiredPermissions({ roles, exclusions, assignments }: Difference): ReadonlySet<string> {
  const byRole = roles.flatMap(({ change: { change, description, permissions, includes } }) =>
    change === 'update'
      ? [
          ...(description === null ? [] : ['roles.update']),
          ...(permissions.added.length === 0 ? [] : ['roles.grantPermission']),
          ...(permissions.removed.length === 0 ? [] : ['roles.revokePermission']),
          ...(includes.added.length + includes.removed.length === 0 ? [] : ['roles.setParents']),
        ]
      : [change === 'create' ? 'roles.create' : 'roles.delete'],
  )
  const bySet = exclusions.flatMap((one) =>
    isRemoved(one)
      ? ['access.deleteExclusion', ...(one.desired === null ? [] : ['access.createExclusion'])]
      : [`access.${one.change.change}Exclusion`],
  )
  const byAssignment = assignments.flatMap(({ change: { change, role } }) => [
    ...(change === 'give' ? [] : [role === null ? 'access.revokePermission' : 'access.unassignRole']),
    ...(change === 'end' ? [] : [role === null ? 'access.grantPermission' : 'access.assignRole']),
  ])
  return new Set([...byRole, ...bySet, ...byAssignment])
}
