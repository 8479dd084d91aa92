import { z } from 'zod'
import { condition, scopeKinds } from '../grants/model.ts'
import type { Id } from '../kernel/id.ts'
import { instant } from '../kernel/instant.ts'
import { multiLine } from '../text/index.ts'
import { assignmentId, organizationId, resourceId, roleId, teamId, userId } from '../kernel/ids.ts'

export type RoleId = Id<'rol'>
export type AssignmentId = Id<'asg'>
export type ExclusionId = Id<'exc'>

/** A user (services are users) or a team; the members of a team have what it has. */
export type SubjectKind = 'user' | 'team'

/** The name of a role: `editor`, `billing-clerk`. */
export const roleName = z
  .string()
  .max(256)
  .transform((text) => text.normalize('NFC').trim())
  .pipe(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._: -]{0,63}$/, '1 to 64 letters, digits, spaces and . _ : -, a letter or digit first'))
export const longestRoleDescription = 500
export const roleDescription = multiLine(longestRoleDescription)

/** A single permission: the name of an action, or an application's permission: `document.read`. */
export const permissionName = z
  .string()
  .max(100)
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*\.[a-zA-Z][a-zA-Z0-9-]*$/, 'a permission, like users.get or document.read')

/**
 * A permission pattern: `users.get`, `document.*`, `queries` (every action that only reads), `application` (every permission of
 * applications), `*`.
 */
export const permissionPattern = z
  .string()
  .max(100)
  .regex(
    /^(?:\*|queries|application|[a-zA-Z][a-zA-Z0-9-]*\.(?:\*|[a-zA-Z][a-zA-Z0-9-]*))$/,
    'a permission (users.get, document.read), all of a group (document.*), queries, application or *',
  )

/** The scope of an assignment: everywhere (empty), an organization, a team, or a resource with everything inside it. */
export const scope = z.union([
  z.strictObject({ organizationId }),
  z.strictObject({ teamId: teamId }),
  z.strictObject({ resourceId: resourceId }),
  z.strictObject({}),
])
export type ScopeInput = z.infer<typeof scope>

export const Role = z.object({
  id: roleId,
  organizationId: organizationId.nullable().meta({ description: 'the organization that it belongs to; null: the installation' }),
  name: z.string(),
  description: z.string().nullable(),
  builtIn: z.boolean(),
  permissions: z.array(z.string()).meta({ description: 'its own permissions, sorted; patterns as they were granted' }),
  includes: z.array(z.object({ id: roleId, name: z.string() })).meta({ description: 'the roles that it includes' }),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Role = z.infer<typeof Role>

/** An assignment as output: a subject has a role or a permission in a scope, for some time. */
export const Assignment = z.object({
  id: assignmentId,
  subject: z.object({
    kind: z.enum(['user', 'team']),
    id: z.union([userId, teamId]),
    name: z.string().meta({ description: 'the username, or the name of the team' }),
  }),
  role: z.object({ id: roleId, name: z.string() }).nullable(),
  permission: z.string().nullable().meta({ description: 'if a single permission was granted instead of a role' }),
  scope: z.object({
    kind: z.enum(scopeKinds),
    organizationId: organizationId.nullable(),
    teamId: teamId.nullable(),
    resourceId: resourceId.nullable(),
  }),
  validFrom: z.date(),
  validUntil: z.date().nullable(),
  condition: z.object({ assurance: z.literal('aal2').optional(), networks: z.array(z.string()).optional() }).nullable(),
  state: z.enum(['current', 'future', 'expired', 'revoked']),
  grantedBy: userId.nullable().meta({ description: 'null: the operator of the machine, or an identity provider' }),
  grantedAt: z.date(),
  revokedBy: userId.nullable(),
  revokedAt: z.date().nullable(),
})
export type Assignment = z.infer<typeof Assignment>

/** The validity and condition of an assignment. */
export const assignmentTerms = {
  validFrom: instant.optional().meta({ description: 'from when, for example 2026-11-21T08:00:00Z (default: now)' }),
  validUntil: instant.optional().meta({ description: 'until when (default: until it is revoked)' }),
  condition: condition.optional().meta({ description: 'conditions that have to be met: {"assurance":"aal2","networks":["192.0.2.0/24"]}' }),
}

/** The answer when something was assigned. */
export const Assigned = z.object({
  assignment: Assignment,
  assigned: z.boolean().meta({ description: 'false: already assigned, on the same terms' }),
})

/** The answer when an assignment was revoked. */
export const Revoked = z.object({ assignment: Assignment })
