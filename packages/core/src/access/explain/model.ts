import { z } from 'zod'
import { assignmentId, organizationId, resourceId, roleId, teamId, userId } from '../../kernel/ids.ts'
import { permissionName } from '../model.ts'
import { scopeKinds } from '../../grants/model.ts'

/** A user in output. */
const Somebody = z.object({ userId, username: z.string() })

/** A scope in output. */
export const ScopeDescription = z.object({
  kind: z.enum(scopeKinds),
  id: z.union([organizationId, teamId, resourceId]).nullable().meta({ description: 'null: everywhere' }),
  name: z.string().meta({ description: 'the slug, the name, or what the application calls it' }),
})
export type ScopeDescription = z.infer<typeof ScopeDescription>

const RoleDescription = z.object({
  id: roleId.nullable().meta({ description: 'null: a membership role, which is code' }),
  name: z.string(),
})
export type RoleDescription = z.infer<typeof RoleDescription>

const conditionDescription = z.object({ assurance: z.literal('aal2').optional(), networks: z.array(z.string()).optional() })

/** Kinds of changes of access. */
export const changeKinds = [
  'userStatus',
  'organizationStatus',
  'membership',
  'seat',
  'ownership',
  'roleGained',
  'roleLost',
  'roleIncluded',
  'roleExcluded',
  'given',
  'began',
  'expired',
  'revoked',
] as const

/** A way in which a subject has the permission. */
export const Reason = z.object({
  via: z.enum(['membership', 'assignment', 'ownership']),
  subject: z.object({ kind: z.enum(['user', 'team']), id: z.union([userId, teamId]), name: z.string() }),
  roles: z
    .array(RoleDescription)
    .meta({ description: 'the assigned role, then the included roles, down to the one that has the permission' }),
  pattern: z.string().nullable().meta({ description: 'the pattern that includes the permission: document.read, document.*, *' }),
  scope: ScopeDescription.meta({ description: 'the scope of the assignment: this one, or one that contains it' }),
  assignmentId: assignmentId.nullable(),
  validFrom: z.date().nullable(),
  validUntil: z.date().nullable(),
  condition: conditionDescription.nullable(),
  hidden: z.boolean().meta({ description: 'you may not see the details: the assignment is where you have no permission to look' }),
  text: z.string(),
})
export type Reason = z.infer<typeof Reason>

/** Reasons why a grant does not apply. */
const unmetCodes = [
  'begins',
  'expired',
  'revoked',
  'secondFactor',
  'network',
  'deactivated',
  'contested',
  'userStatus',
  'frozen',
  'notMember',
  'organizationStatus',
  'credential',
] as const

export const Unmet = z.object({
  code: z.enum(unmetCodes),
  at: z.date().nullable().meta({ description: 'when it begins, or ended' }),
  reason: Reason.nullable().meta({ description: 'the reason that it would be otherwise' }),
  text: z.string(),
})
export type Unmet = z.infer<typeof Unmet>

/** A grant that would allow it. */
export const Missing = z.object({
  membership: z
    .object({ organizationId, role: z.enum(['owner', 'admin', 'member']) })
    .nullable()
    .meta({ description: 'the membership they need first, or that alone is enough' }),
  grant: z
    .object({ role: RoleDescription.nullable(), permission: z.string().nullable(), on: ScopeDescription })
    .nullable()
    .meta({ description: 'a role, or a single permission; null: the membership is enough' }),
  ends: assignmentId.nullable().meta({ description: 'the assignment of the same for another time, which has to be revoked first' }),
  brings: z.int().meta({ description: 'how many other permissions come with it' }),
  givers: z.object({
    users: z.array(Somebody).meta({ description: 'up to five users who could grant it, as far as you may see them' }),
    count: z.int(),
  }),
  text: z.string(),
})
export type Missing = z.infer<typeof Missing>

export const Explanation = z.object({
  allowed: z.boolean(),
  user: Somebody,
  permission: permissionName,
  on: ScopeDescription,
  summary: z.string(),
  because: z.array(Reason).meta({ description: 'every way in which it is allowed' }),
  unmet: z.array(Unmet).meta({ description: 'if denied: what would nearly allow it' }),
  missing: z.array(Missing).meta({ description: 'if denied: what would allow it, the smallest first' }),
  hiddenRoles: z.int().meta({ description: 'how many other roles would be enough that you may not see' }),
  nearest: z.array(z.string()).meta({ description: 'if there is no such permission, or no role has it: those with a similar name' }),
})
export type Explanation = z.infer<typeof Explanation>

/** An assignment at a time in the past or future. */
const AssignmentAt = z.object({
  assignmentId,
  subject: Reason.shape.subject,
  role: RoleDescription.nullable(),
  permission: z.string().nullable(),
  scope: ScopeDescription,
  validFrom: z.date(),
  validUntil: z.date().nullable(),
  condition: conditionDescription.nullable(),
  counted: z.boolean().meta({ description: 'false: it only began later, or was limited to some sessions or networks' }),
  text: z.string(),
})

/** A user at a time in the past or future. */
export const UserAt = Somebody.extend({
  status: z
    .string()
    .nullable()
    .meta({ description: 'null: the user did not exist yet, or was not in the scope and you may see no more than who was' }),
  frozen: z.boolean().meta({ description: 'all grants were frozen' }),
  memberships: z.array(z.object({ organization: ScopeDescription, role: z.enum(['owner', 'admin', 'member']) })),
  teams: z.array(z.object({ teamId: teamId, name: z.string() })),
  assignments: z.array(AssignmentAt),
  permissions: z.array(z.string()).meta({ description: 'their permissions in this scope, sorted' }),
})
export type UserAt = z.infer<typeof UserAt>

/** A change of access between two times. */
export const Change = z.object({
  at: z.date(),
  what: z.enum(changeKinds),
  user: Somebody.nullable(),
  team: z.object({ teamId: teamId, name: z.string() }).nullable(),
  role: RoleDescription.nullable(),
  permission: z.string().nullable(),
  on: ScopeDescription.nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  text: z.string(),
})
export type Change = z.infer<typeof Change>

/** The difference between the permissions of a user at two times. */
export const Difference = Somebody.extend({ gained: z.array(z.string()), lost: z.array(z.string()) })
export type Difference = z.infer<typeof Difference>
