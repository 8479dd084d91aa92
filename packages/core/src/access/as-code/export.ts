import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../../kernel/action.ts'
import type { Id } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import type { Role } from '../model.ts'
import type { AccessDocument, DocumentAssignment } from './document.ts'
import { existingTenant } from './read.ts'
import { asCodeSignatures } from './signatures.ts'
import { exportedTarget } from './target.ts'
import { sharedRoles, currentAssignments, currentExclusions, currentRoles, type Tenant, type CurrentAssignment } from './current.ts'

export const exportAccess = defineQuery(asCodeSignatures.export, {
  oneSnapshot: true,
  allow: granted,
  target: exportedTarget,
  async handle({ open, now }, { organizationId }) {
    return exportDocument(await open(), organizationId, now)
  },
})

/** The current state as a document; applying it changes nothing. */
async function exportDocument(em: SqlEntityManager, organizationId: Id<'org'> | undefined, now: Date): Promise<AccessDocument> {
  const tenant = await existingTenant(em, organizationId)
  const roles = await currentRoles(em, tenant)
  const called = namesFor(roles, await sharedRoles(em, tenant))
  const exclusions = await currentExclusions(em, tenant)
  const assignments = await currentAssignments(em, tenant, null, now)
  return {
    version: 1,
    ...(tenant.slug !== null && { organization: tenant.slug }),
    manage: [],
    roles: Object.fromEntries(roles.map((role) => [role.name, roleOf(role, called)])),
    exclusions: Object.fromEntries(
      exclusions.map(({ name, kind, cardinality, roles: members }) => [
        name,
        { kind, cardinality, roles: members.map(({ id }) => called(id)).sort() },
      ]),
    ),
    assignments: inOrder(
      assignments.filter(({ provided }) => !provided).map((assignment) => assignmentOf(assignment, { tenant, called, now })),
    ),
    tests: [],
  }
}

/** The names of roles in the document. A role of the installation is named by its id if the organization has a role of the same name. */
function namesFor(roles: readonly Role[], common: readonly { readonly id: string; readonly name: string }[]): (id: string) => string {
  const own = new Set(roles.map(({ name }) => name))
  const names = new Map<string, string>(common.map(({ id, name }) => [id, own.has(name) ? id : name]))
  for (const { id, name } of roles) names.set(id, name)
  return (id) => names.get(id) ?? id
}

function roleOf({ description, permissions, includes }: Role, called: (id: string) => string): AccessDocument['roles'][string] {
  return { description, permissions: [...permissions], includes: includes.map(({ id }) => called(id)).sort() }
}

function assignmentOf(
  { subject, role, permission, on, resource, from, until, when }: CurrentAssignment,
  { tenant, called, now }: { readonly tenant: Tenant; readonly called: (id: string) => string; readonly now: Date },
): DocumentAssignment {
  return {
    ...(subject.kind === 'user' ? { user: subject.name } : { team: subject.name }),
    ...(role === null ? { permission: permission ?? '' } : { role: called(role.id) }),
    ...scopeOf(on, resource, tenant),
    ...(from > now.getTime() && { from: new Date(from).toISOString() }),
    ...(until !== null && { until: new Date(until).toISOString() }),
    ...(when !== null && { when }),
  }
}

/** Sorted by content: ids would give another order once assignments were ended and made again. */
function inOrder(assignments: readonly DocumentAssignment[]): DocumentAssignment[] {
  const keyed = assignments.map((assignment) => ({ assignment, key: JSON.stringify(assignment) }))
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ assignment }) => assignment)
}

function scopeOf(
  { kind, resourceId, name }: CurrentAssignment['on'],
  resource: CurrentAssignment['resource'],
  { organizationId }: Tenant,
): Pick<DocumentAssignment, 'on'> {
  if (organizationId === null || kind === 'organization') return {}
  return kind === 'team' ? { on: { team: name ?? '' } } : { on: { resource: resource ?? resourceId ?? '' } }
}
