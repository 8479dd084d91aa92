import { z } from 'zod'
import { longList } from '../../kernel/input.ts'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationId, resourceId, roleId, sessionId, teamId, userId } from '../../kernel/ids.ts'
import { permissionName, scope } from '../model.ts'
import { scopeKinds } from '../../grants/model.ts'

const whom = { userId: userId.optional().meta({ description: 'the user in question (default: you, with this credential)' }) }
const inSession = {
  ...whom,
  sessionId: sessionId.optional().meta({ description: 'the session of that user whose factors and active roles count (default: none)' }),
}
const permission = permissionName.meta({ description: 'an action (users.get) or a permission of an application (document.read)' })
const on = scope.optional().meta({ description: 'the scope (default: everywhere)' })

/** A session can only be given together with its user. */
const namesUser: [(input: { userId?: unknown; sessionId?: unknown }) => boolean, { path: string[]; error: string }] = [
  ({ userId: user, sessionId: session }) => session === undefined || user !== undefined,
  { path: ['userId'], error: 'name `userId`: whose session it is' },
]

/** Questions in one call. */
const mostChecks = 10_000

/** A way in which a user has the permission. */
const Through = z.object({
  kind: z.enum(['role', 'permission', 'membership', 'ownership']),
  role: z.object({ id: roleId, name: z.string() }).nullable(),
  name: z.string().nullable().meta({ description: 'the permission that was granted, or the role in the organization' }),
  teamId: teamId.nullable().meta({ description: 'the team that has the assignment' }),
  on: z.enum(scopeKinds).nullable().meta({ description: 'the kind of scope it was assigned in' }),
})
export type Through = z.infer<typeof Through>

/** Actions that decide. */
export const decisionsSignatures = group('access', {
  check: reads({
    summary: 'Check whether a user has a permission',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({ ...inSession, permission, on }).refine(...namesUser),
    output: z.object({ allowed: z.boolean() }),
  }),
  checkMany: changes({
    summary: 'Check many permissions of one user at once',
    inputLimit: 2 * 1024 ** 2,
    mostValues: 60_000,
    grantedTo: ['admin', 'resourceOwner'],
    input: z
      .strictObject({
        ...inSession,
        checks: longList(z.strictObject({ permission, on })).min(1).max(mostChecks),
      })
      .refine(...namesUser),
    output: z.object({
      allowed: z
        .array(z.boolean())
        .meta({ description: 'in the order of the questions; also false for a scope that does not exist or that you may not ask about' }),
    }),
  }),
  listPermissions: reads({
    summary: 'List the permissions of a user in a scope',
    grantedTo: ['admin'],
    input: z.strictObject({ ...inSession, on }).refine(...namesUser),
    output: z.object({
      permissions: z
        .array(z.string())
        .meta({ description: "actions and applications' permissions, sorted; document.* or application if all of those are included" }),
    }),
  }),
  listResources: reads({
    summary: 'List the resources on which a user has a permission',
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
        id: resourceId,
        type: z.string(),
        key: z.string().nullable(),
        name: z.string().nullable(),
        organizationId: organizationId.nullable(),
        parentId: resourceId.nullable(),
        ownerUserId: userId.nullable(),
      }),
    ),
  }),
  whoCan: reads({
    summary: 'List the users who have a permission in a scope',
    grantedTo: ['admin', 'resourceOwner'],
    input: z.strictObject({ permission, on, ...pageInput }),
    output: pageOf(
      z.object({
        id: userId,
        username: z.string(),
        displayName: z.string().nullable(),
        conditional: z
          .boolean()
          .meta({ description: 'only from some networks, or only in a session with two factors: otherwise access.check says no' }),
        through: z.array(Through),
      }),
    ),
  }),
})
