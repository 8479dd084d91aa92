import { z } from 'zod'
import { organizationId } from '../../organizations/model.ts'
import { userId } from '../../users/model.ts'
import { assignmentId, permissionName, resourceReference, roleId, teamReference } from '../model.ts'
import { scopeKinds } from '../../grants/model.ts'

/** Who somebody is, so that people know them. */
const Somebody = z.object({ userId, username: z.string() })

/** Where something counts. */
export const ScopeShown = z.object({
  kind: z.enum(scopeKinds),
  id: z.union([organizationId, teamReference, resourceReference]).nullable().meta({ description: 'null: the whole system' }),
  name: z.string().meta({ description: 'the slug, the name, or what the application calls it' }),
})
export type ScopeShown = z.infer<typeof ScopeShown>

const RoleShown = z.object({ id: roleId.nullable().meta({ description: 'null: a role of members, which is code' }), name: z.string() })
export type RoleShown = z.infer<typeof RoleShown>

const conditionShown = z.object({ assurance: z.literal('aal2').optional(), networks: z.array(z.string()).optional() })

/** What happens to access. */
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

/** One way in which somebody comes to a permission. */
export const Reason = z.object({
  via: z.enum(['membership', 'assignment', 'ownership']),
  subject: z.object({ kind: z.enum(['user', 'team']), id: z.union([userId, teamReference]), name: z.string() }),
  roles: z
    .array(RoleShown)
    .meta({ description: 'the role that was given, then what it includes, down to the one that has the permission' }),
  pattern: z.string().nullable().meta({ description: 'what stands for the permission: document.read, document.*, *' }),
  scope: ScopeShown.meta({ description: 'where it was given: there, or somewhere that it is in' }),
  assignmentId: assignmentId.nullable(),
  validFrom: z.date().nullable(),
  validUntil: z.date().nullable(),
  condition: conditionShown.nullable(),
  hidden: z.boolean().meta({ description: 'you may not know more of it: it was given where you see nothing' }),
  text: z.string(),
})
export type Reason = z.infer<typeof Reason>

/** Why something that would nearly apply does not. */
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
  at: z.date().nullable().meta({ description: 'when it begins, or was over' }),
  reason: Reason.nullable().meta({ description: 'what would apply otherwise' }),
  text: z.string(),
})
export type Unmet = z.infer<typeof Unmet>

/** What would have to be given so that it is allowed. */
export const Missing = z.object({
  membership: z
    .object({ organizationId, role: z.enum(['owner', 'admin', 'member']) })
    .nullable()
    .meta({ description: 'what they have to become first, or what alone is enough' }),
  grant: z
    .object({ role: RoleShown.nullable(), permission: z.string().nullable(), on: ScopeShown })
    .nullable()
    .meta({ description: 'a role, or a single permission; null: the membership is enough' }),
  ends: assignmentId.nullable().meta({ description: 'gives the same there on other terms: it has to be ended first' }),
  brings: z.int().meta({ description: 'how many other permissions come with it' }),
  givers: z.object({
    users: z.array(Somebody).meta({ description: 'up to five who could give it, as far as you may know of them' }),
    count: z.int(),
  }),
  text: z.string(),
})
export type Missing = z.infer<typeof Missing>

export const Explanation = z.object({
  allowed: z.boolean(),
  user: Somebody,
  permission: permissionName,
  on: ScopeShown,
  summary: z.string(),
  because: z.array(Reason).meta({ description: 'every way in which it is allowed' }),
  unmet: z.array(Unmet).meta({ description: 'where it is not: what would nearly allow it' }),
  missing: z.array(Missing).meta({ description: 'where it is not: what would, the smallest first' }),
  hiddenRoles: z.int().meta({ description: 'how many roles besides would do, of which you may not know' }),
  nearest: z.array(z.string()).meta({ description: 'where there is no such permission: those that are called nearly so' }),
})
export type Explanation = z.infer<typeof Explanation>

/** An assignment as it was at a time. */
const AssignmentAt = z.object({
  assignmentId,
  subject: Reason.shape.subject,
  role: RoleShown.nullable(),
  permission: z.string().nullable(),
  scope: ScopeShown,
  validFrom: z.date(),
  validUntil: z.date().nullable(),
  condition: conditionShown.nullable(),
  counted: z.boolean().meta({ description: 'false: it only began later, or only in some sessions or from some networks' }),
  text: z.string(),
})

/** Somebody as they were at a time. */
export const UserAt = Somebody.extend({
  status: z.string().nullable().meta({ description: 'null: there was no such user yet' }),
  frozen: z.boolean().meta({ description: 'nothing that they had counted' }),
  memberships: z.array(z.object({ organization: ScopeShown, role: z.enum(['owner', 'admin', 'member']) })),
  teams: z.array(z.object({ teamId: teamReference, name: z.string() })),
  assignments: z.array(AssignmentAt),
  permissions: z.array(z.string()).meta({ description: 'what they could do there, sorted' }),
})
export type UserAt = z.infer<typeof UserAt>

/** Something that happened to access between two times. */
export const Change = z.object({
  at: z.date(),
  what: z.enum(changeKinds),
  user: Somebody.nullable(),
  team: z.object({ teamId: teamReference, name: z.string() }).nullable(),
  role: RoleShown.nullable(),
  permission: z.string().nullable(),
  on: ScopeShown.nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  text: z.string(),
})
export type Change = z.infer<typeof Change>

/** What somebody could do there at one time and not at the other. */
export const Difference = Somebody.extend({ gained: z.array(z.string()), lost: z.array(z.string()) })
export type Difference = z.infer<typeof Difference>
