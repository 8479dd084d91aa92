import { z } from 'zod'
import { assignmentId, exclusionId, organizationId, resourceId, roleId, teamId, userId } from '../../kernel/ids.ts'
import { scopeKinds } from '../../grants/model.ts'

/** Lists are cut to this length; the rest is only counted. */
export const mostListed = 1000

export const NamedSubject = z.object({
  kind: z.enum(['user', 'team']),
  id: z.union([userId, teamId]),
  name: z.string().meta({ description: 'the username, or the name of the team' }),
})
export type NamedSubject = z.infer<typeof NamedSubject>

export const NamedScope = z.object({
  kind: z.enum(scopeKinds),
  organizationId: organizationId.nullable(),
  teamId: teamId.nullable(),
  resourceId: resourceId.nullable(),
  name: z.string().nullable().meta({ description: 'of the organization, the team, or the resource; null: everywhere' }),
})
export type NamedScope = z.infer<typeof NamedScope>

const difference = z.object({ added: z.array(z.string()), removed: z.array(z.string()) })

export const RoleChange = z.object({
  change: z.enum(['create', 'update', 'delete']),
  roleId: roleId.nullable().meta({ description: 'null: it is to be created' }),
  name: z.string(),
  description: z
    .object({ before: z.string().nullable(), after: z.string().nullable() })
    .nullable()
    .meta({ description: 'null: unchanged' }),
  permissions: difference,
  includes: difference.meta({ description: 'names of roles' }),
})
export type RoleChange = z.infer<typeof RoleChange>

const exclusionState = z.object({ kind: z.enum(['static', 'dynamic']), cardinality: z.int(), roles: z.array(z.string()) })
export const ExclusionChange = z.object({
  change: z.enum(['create', 'update', 'delete']),
  exclusionId: exclusionId.nullable(),
  name: z.string(),
  before: exclusionState.nullable(),
  after: exclusionState.nullable(),
})
export type ExclusionChange = z.infer<typeof ExclusionChange>

const terms = z.object({
  from: z.date().nullable().meta({ description: 'null: from when it is assigned' }),
  until: z.date().nullable(),
  when: z.object({ assurance: z.literal('aal2').optional(), networks: z.array(z.string()).optional() }).nullable(),
})
export type Terms = z.infer<typeof terms>

export const AssignmentChange = z.object({
  change: z.enum(['give', 'end', 'replace']),
  assignmentId: assignmentId.nullable().meta({ description: 'the one that ends' }),
  subject: NamedSubject,
  role: z.string().nullable(),
  permission: z.string().nullable(),
  on: NamedScope,
  before: terms.nullable(),
  after: terms.nullable(),
})
export type AssignmentChange = z.infer<typeof AssignmentChange>

/** The changes that a document makes. */
export const AccessChanges = z.object({
  count: z.int().meta({ description: 'how many there are; the lists hold at most 1000 each' }),
  roles: z.array(RoleChange),
  exclusions: z.array(ExclusionChange),
  assignments: z.array(AssignmentChange),
})
export type AccessChanges = z.infer<typeof AccessChanges>

/** The permissions that a subject gains or loses. */
export const Effect = z.object({
  subject: NamedSubject,
  on: NamedScope.meta({ description: 'the widest scope where that is so' }),
  gained: z.array(z.string()),
  lost: z.array(z.string()),
  conditional: z.boolean().meta({ description: 'only where the conditions of assignments are met' }),
})
export type Effect = z.infer<typeof Effect>

export const Effects = z.object({
  users: z.int().meta({ description: 'users who gain or lose something' }),
  teams: z.int(),
  count: z.int().meta({ description: 'how many items there are; at most 1000 are listed' }),
  items: z.array(Effect),
})
export type Effects = z.infer<typeof Effects>

export const TestResult = z.object({
  test: z.int().meta({ description: 'its index in the document, from 0' }),
  subject: NamedSubject,
  permission: z.string(),
  expected: z.enum(['can', 'cannot']),
  on: NamedScope,
  assurance: z.literal('aal2').nullable().meta({ description: 'asked as a session with two factors; null: with one' }),
  address: z.string().nullable().meta({ description: 'asked as a call from there; null: from an address that nobody knows' }),
  passed: z.boolean(),
  reason: z.string().nullable().meta({ description: 'why it did not pass' }),
})
export type TestResult = z.infer<typeof TestResult>
