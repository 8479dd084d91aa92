import type { CommandContext } from '../../kernel/context.ts'
import { denied } from '../../kernel/errors.ts'
import { createRole, deleteRole, grantRolePermission, revokeRolePermission, setParents, updateRole } from '../../roles/index.ts'
import { assignAll, type AssignmentRequest } from '../assignments/giving.ts'
import { createExclusion, deleteExclusion, updateExclusion } from '../exclusions/manage.ts'
import { revokeAll } from '../assignments/taking.ts'
import type { RoleId, ScopeInput } from '../model.ts'
import type { Difference } from './difference.ts'
import type { NamedPlace } from './model.ts'
import type { RoleReference, WantedAssignment } from './resolving.ts'
import type { Home } from './standing.ts'

type RoleDifference = Difference['roles'][number]
type ExclusionDifference = Difference['exclusions'][number]

/**
 * Makes every change, by what makes each of them by hand: whatever is refused there is
 * refused here, and all of it is taken back. What goes away goes first, so that nobody has
 * too much in between; roles that go are the last, when nothing needs them any more.
 */
export async function carryOut(context: CommandContext, home: Home, difference: Difference): Promise<void> {
  refuseUnlessAllowed(context, home, difference)
  const maker = new Maker(context, home)
  await maker.end(difference.assignments.flatMap(({ standing }) => standing ?? []))
  const { roles, exclusions } = difference
  for (const one of exclusions) if (goes(one)) await maker.allow(one)
  for (const role of includedFirst(roles)) await maker.shape(role)
  for (const one of exclusions) if (!goes(one) && !adds(one)) await maker.exclude(one)
  for (const role of [...roles.filter((one) => !includes(one)), ...roles.filter(includes)]) await maker.include(role)
  for (const one of exclusions) if (adds(one)) await maker.exclude(one)
  await maker.give(difference.assignments.flatMap(({ change, wanted }) => (change.change === 'end' || wanted === null ? [] : [wanted])))
  for (const { change } of roles) if (change.change === 'delete' && change.roleId !== null) await maker.delete(change.roleId)
}

/** New roles after those that they include, as far as these do not go round in circles. */
function includedFirst(roles: readonly RoleDifference[]): readonly RoleDifference[] {
  const fresh = new Map(roles.flatMap((role) => (role.standing === null ? [[role.change.name, role] as const] : [])))
  const ordered = new Set<RoleDifference>()
  const seen = new Set<RoleDifference>()
  const visit = (role: RoleDifference): void => {
    if (seen.has(role)) return
    seen.add(role)
    for (const { id, name } of role.wanted?.includes ?? []) {
      const included = id === null ? fresh.get(name) : undefined
      if (included !== undefined) visit(included)
    }
    ordered.add(role)
  }
  for (const role of roles) visit(role)
  return [...ordered]
}

/** Roles that lose what they include come before those that get more: in between, none has too much. */
const includes = ({ change }: RoleDifference) => change.includes.added.length > 0

/** What kind of set it is, it stays: another one of the name is another set. */
const goes = ({ change: { before, after } }: ExclusionDifference) => before !== null && before.kind !== after?.kind

/** Whether a set forbids more than before. */
function adds({ change: { before, after } }: ExclusionDifference): boolean {
  if (before === null || after === null || before.kind !== after.kind) return after !== null
  return after.cardinality < before.cardinality || after.roles.some((role) => !before.roles.includes(role))
}

class Maker {
  readonly #context: CommandContext
  readonly #home: Home
  /** The roles that were made here, by name. */
  readonly #made = new Map<string, RoleId>()
  /** Those of them that include all that they are to include. */
  readonly #whole = new Set<string>()

  constructor(context: CommandContext, home: Home) {
    this.#context = context
    this.#home = home
  }

  async end(standing: readonly { readonly id: `asg_${string}`; readonly role: RoleReference | null }[]): Promise<void> {
    await revokeAll(
      this.#context,
      standing.map(({ id, role }) => ({ assignmentId: id, kind: role === null ? 'permission' : 'role' })),
    )
    this.#forget()
  }

  /** Makes a role, or changes what it is called and allows itself. */
  async shape({ change, wanted, standing }: RoleDifference): Promise<void> {
    const { name, description, permissions } = change
    if (change.change === 'delete') return
    if (standing === null) {
      const text = description?.after ?? undefined
      const includes = this.#known(wanted?.includes ?? [])
      const input = { ...this.#whose, name, description: text, permissions: permissions.added, includes: includes ?? [] }
      const { id } = await createRole.handle(this.#context, input, undefined)
      this.#made.set(name, id as RoleId)
      if (includes !== null) this.#whole.add(name)
    } else {
      const roleId = standing.id
      for (const permission of permissions.removed) await revokeRolePermission.handle(this.#context, { roleId, permission }, undefined)
      for (const permission of permissions.added) await grantRolePermission.handle(this.#context, { roleId, permission }, undefined)
      if (description !== null) await updateRole.handle(this.#context, { roleId, description: description.after }, undefined)
    }
    this.#forget()
  }

  async include({ change, wanted, standing }: RoleDifference): Promise<void> {
    const { added, removed } = change.includes
    if (added.length + removed.length === 0 || this.#whole.has(change.name)) return
    const includes = (wanted?.includes ?? []).map((role) => this.#idOf(role))
    const roleId = this.#idOf(standing ?? { id: null, name: change.name })
    await setParents.handle(this.#context, { roleId, includes }, undefined)
    this.#forget()
  }

  /** Deletes a set of roles that exclude each other. */
  async allow({ change: { exclusionId } }: ExclusionDifference): Promise<void> {
    if (exclusionId !== null) await deleteExclusion.handle(this.#context, { exclusionId }, undefined)
    this.#forget()
  }

  /** Makes or changes one. */
  async exclude({ change: { name }, wanted, standing }: ExclusionDifference): Promise<void> {
    if (wanted === null) return
    const { kind, cardinality } = wanted
    const roleIds = wanted.roles.map((role) => this.#idOf(role))
    if (standing !== null && standing.kind === kind) {
      const [addRoleIds, removeRoleIds] = [roleIds, standing.roles.filter((id) => !roleIds.includes(id))]
      await updateExclusion.handle(this.#context, { exclusionId: standing.id, addRoleIds, removeRoleIds, cardinality }, undefined)
    } else {
      await createExclusion.handle(this.#context, { ...this.#whose, name, kind, cardinality, roleIds }, undefined)
    }
    this.#forget()
  }

  async give(wanted: readonly WantedAssignment[]): Promise<void> {
    await assignAll(
      this.#context,
      wanted.map((assignment) => this.#giftOf(assignment)),
    )
    this.#forget()
  }

  #giftOf({ subject, role, permission, on, from, until, when }: WantedAssignment): AssignmentRequest {
    return {
      subject: subject.kind === 'user' ? { userId: subject.id as `usr_${string}` } : { teamId: subject.id as `team_${string}` },
      what: role === null ? { permission: permission ?? '' } : { roleId: this.#idOf(role) },
      scope: scopeAt(on),
      validFrom: from === null ? undefined : new Date(from),
      validUntil: until === null ? undefined : new Date(until),
      condition: when ?? undefined,
    }
  }

  async delete(roleId: RoleId): Promise<void> {
    await deleteRole.handle(this.#context, { roleId }, undefined)
    this.#forget()
  }

  get #whose(): { readonly organizationId?: `org_${string}` } {
    const { organizationId } = this.#home
    return organizationId === null ? {} : { organizationId }
  }

  /** The roles, if all of them are there by now. */
  #known(roles: readonly RoleReference[]): RoleId[] | null {
    const ids = roles.flatMap(({ id, name }) => id ?? this.#made.get(name) ?? [])
    return ids.length === roles.length ? ids : null
  }

  #idOf({ id, name }: RoleReference): RoleId {
    const found = id ?? this.#made.get(name)
    if (found === undefined) throw new TypeError(`The role ${name} was not made.`)
    return found
  }

  /** Rows that are written and done with: each flush would look through all of them. */
  #forget(): void {
    this.#context.em.clear()
  }
}

function scopeAt({ organizationId, teamId, resourceId }: NamedPlace): ScopeInput {
  if (resourceId !== null) return { resourceId }
  if (teamId !== null) return { teamId }
  return organizationId === null ? {} : { organizationId }
}

/** Who applies a document may do by hand what it does: the permission to apply one is no way around the others. */
function refuseUnlessAllowed({ actor }: CommandContext, { organizationId }: Home, difference: Difference): void {
  if (actor.kind === 'system') return
  const missing = [...neededFor(difference)].find(
    (permission) => actor.kind !== 'user' || !actor.principal.grants.allows(permission, organizationId),
  )
  if (missing !== undefined) throw denied({ permission: missing })
}

function neededFor({ roles, exclusions, assignments }: Difference): ReadonlySet<string> {
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
    goes(one)
      ? ['access.deleteExclusion', ...(one.wanted === null ? [] : ['access.createExclusion'])]
      : [`access.${one.change.change}Exclusion`],
  )
  const byAssignment = assignments.flatMap(({ change: { change, role } }) => [
    ...(change === 'give' ? [] : [role === null ? 'access.revokePermission' : 'access.unassignRole']),
    ...(change === 'end' ? [] : [role === null ? 'access.grantPermission' : 'access.assignRole']),
  ])
  return new Set([...byRole, ...bySet, ...byAssignment])
}
