import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationId } from '../../organizations/model.ts'
import { sessionId } from '../../sessions/model.ts'
import { userId } from '../../users/model.ts'
import { permissionName, resourceReference, roleId, scope, teamReference } from '../model.ts'
import { scopeKinds } from '../../grants/model.ts'

const whom = { userId: userId.optional().meta({ description: 'whom is asked about (default: you, as this credential may)' }) }
const inSession = {
  ...whom,
  sessionId: sessionId
    .optional()
    .meta({ description: 'in which of their sessions: its factors and the roles chosen in it count (default: in none)' }),
}
const permission = permissionName.meta({ description: 'an action (users.get), or what the application calls its own (document.read)' })
const on = scope.optional().meta({ description: 'where (default: on the whole system)' })

/** A session is looked for among those of a user who is named. */
const namesUser: [(input: { userId?: unknown; sessionId?: unknown }) => boolean, { path: string[]; error: string }] = [
  ({ userId: user, sessionId: session }) => session === undefined || user !== undefined,
  { path: ['userId'], error: 'name the user whose session it is' },
]

/** The most that is decided in one call. */
const mostChecks = 10_000

/** What lets somebody do something. */
const Through = z.object({
  kind: z.enum(['role', 'permission', 'membership', 'ownership']),
  role: z.object({ id: roleId, name: z.string() }).nullable(),
  name: z.string().nullable().meta({ description: 'the permission that was given, or the role in the organization' }),
  teamId: teamReference.nullable().meta({ description: 'the team that has it' }),
  on: z.enum(scopeKinds).nullable().meta({ description: 'how widely it was given' }),
})
export type Through = z.infer<typeof Through>

/** The actions of `access` that decide. */
export const decisionsSignatures = group('access', {
  check: reads({
    summary: 'Ask whether somebody may do something',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({ ...inSession, permission, on }).refine(...namesUser),
    output: z.object({ allowed: z.boolean() }),
  }),
  checkMany: changes({
    summary: 'Ask many such questions about one user at once',
    grantedTo: ['admin', 'resourceOwner'],
    input: z
      .strictObject({
        ...inSession,
        checks: z.array(z.strictObject({ permission, on })).min(1).max(mostChecks),
      })
      .refine(...namesUser),
    output: z.object({
      allowed: z
        .array(z.boolean())
        .meta({ description: 'in the order of the questions; false also for what is not there, or not yours to ask' }),
    }),
  }),
  listPermissions: reads({
    summary: 'List what somebody may do somewhere',
    grantedTo: ['admin'],
    input: z.strictObject({ ...inSession, on }).refine(...namesUser),
    output: z.object({
      permissions: z
        .array(z.string())
        .meta({ description: "actions and applications' permissions, sorted; document.* or application where all of those are" }),
    }),
  }),
  listResources: reads({
    summary: 'List the resources that somebody may do something with',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...whom,
      permission,
      type: z.string().max(64).optional().meta({ description: 'of this type only' }),
      organizationId: organizationId.optional().meta({ description: 'in this organization only' }),
      ...pageInput,
    }),
    output: pageOf(
      z.object({
        id: resourceReference,
        type: z.string(),
        key: z.string().nullable(),
        name: z.string().nullable(),
        organizationId: organizationId.nullable(),
        parentId: resourceReference.nullable(),
        ownerUserId: userId.nullable(),
      }),
    ),
  }),
  whoCan: reads({
    summary: 'List the users who may do something somewhere',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({ permission, on, ...pageInput }),
    output: pageOf(
      z.object({
        id: userId,
        username: z.string(),
        displayName: z.string().nullable(),
        conditional: z
          .boolean()
          .meta({ description: 'only from some networks, or in a session with two factors: without that, access.check says no' }),
        through: z.array(Through),
      }),
    ),
  }),
})
