import { z } from 'zod'
import { condition, scopeKinds } from '../grants/model.ts'
import { idSchema, type Id } from '../kernel/id.ts'
import { multiLine } from '../kernel/text.ts'
import { organizationId } from '../organizations/model.ts'
import { userId } from '../users/model.ts'

export const roleId = idSchema('rol')
export type RoleId = Id<'rol'>
export const assignmentId = idSchema('asg')
export type AssignmentId = Id<'asg'>
export const exclusionId = idSchema('exc')
export type ExclusionId = Id<'exc'>
export const teamReference = idSchema('team')
export const resourceReference = idSchema('res')

/** Users (services are users) and teams; whoever sits in a team has what it has. */
export type SubjectKind = 'user' | 'team'

/** What a role is called: `editor`, `billing-clerk`. */
export const roleName = z
  .string()
  .max(256)
  .transform((text) => text.normalize('NFC').trim())
  .pipe(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._: -]{0,63}$/, '1 to 64 letters, digits, spaces and . _ : -, a letter or digit first'))
export const roleDescription = multiLine(500)

/** One permission: the name of an action, or one of an application: `document.read`. */
export const permissionName = z
  .string()
  .max(100)
  .regex(/^[a-zA-Z][a-zA-Z0-9-]*\.[a-zA-Z][a-zA-Z0-9-]*$/, 'a permission, like users.get or document.read')

/** A permission, or many: `users.get`, `document.*`, `queries` (all that only read), `application` (all that are no action of Denizen), `*`. */
export const permissionPattern = z
  .string()
  .max(100)
  .regex(
    /^(?:\*|queries|application|[a-zA-Z][a-zA-Z0-9-]*\.(?:\*|[a-zA-Z][a-zA-Z0-9-]*))$/,
    'a permission (users.get, document.read), all of a group (document.*), queries, application or *',
  )

/** Where it counts: everywhere (nothing said), in an organization, on a team, or on a resource and all that is in it. */
export const scope = z.union([
  z.strictObject({ organizationId }),
  z.strictObject({ teamId: teamReference }),
  z.strictObject({ resourceId: resourceReference }),
  z.strictObject({}),
])
export type ScopeInput = z.infer<typeof scope>

/** A role as it is shown. */
export const Role = z.object({
  id: roleId,
  organizationId: organizationId.nullable().meta({ description: 'whose it is; null: of the installation' }),
  name: z.string(),
  description: z.string().nullable(),
  builtIn: z.boolean(),
  permissions: z.array(z.string()).meta({ description: 'its own, sorted; patterns as they were given' }),
  includes: z.array(z.object({ id: roleId, name: z.string() })).meta({ description: 'the roles whose permissions it has too' }),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Role = z.infer<typeof Role>

/** That a subject has a role, or a single permission, somewhere for some time. */
export const Assignment = z.object({
  id: assignmentId,
  subject: z.object({
    kind: z.enum(['user', 'team']),
    id: z.union([userId, teamReference]),
    name: z.string().meta({ description: 'the username, or the name of the team' }),
  }),
  role: z.object({ id: roleId, name: z.string() }).nullable(),
  permission: z.string().nullable().meta({ description: 'where no role but a single permission was given' }),
  scope: z.object({
    kind: z.enum(scopeKinds),
    organizationId: organizationId.nullable(),
    teamId: teamReference.nullable(),
    resourceId: resourceReference.nullable(),
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

/** A time in an input: between 1970 and the year 9999. */
export const instant = z.coerce.date<Date | string>().min(new Date(0)).max(new Date('9999-12-31T23:59:59.999Z'))

/** From when until when, and on what condition. */
export const assignmentTerms = {
  validFrom: instant.optional().meta({ description: 'from when on, for example 2026-11-21T08:00:00Z (default: now)' }),
  validUntil: instant.optional().meta({ description: 'until when (default: until it is taken away)' }),
  condition: condition.optional().meta({ description: 'what else has to hold: {"assurance":"aal2","networks":["192.0.2.0/24"]}' }),
}

/** The answer when something was assigned. */
export const Assigned = z.object({
  assignment: Assignment,
  assigned: z.boolean().meta({ description: 'false: they had it already, on the same terms' }),
})

/** The answer when an assignment was revoked. */
export const Revoked = z.object({ assignment: Assignment })
