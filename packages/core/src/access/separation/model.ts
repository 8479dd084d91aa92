import { z } from 'zod'
import { exclusionId, organizationId, roleId, teamId } from '../../kernel/ids.ts'
import { scopeKinds } from '../../grants/model.ts'

const named = z.object({ id: roleId, name: z.string() })

/** A set of separation of duty: nobody has, or uses in one session, too many of its roles. */
export const Exclusion = z.object({
  id: exclusionId,
  organizationId: organizationId
    .nullable()
    .meta({ description: 'the organization it belongs to and counts in; null: the installation, everywhere' }),
  name: z.string(),
  kind: z.enum(['static', 'dynamic']),
  cardinality: z.int().meta({ description: 'as many of the roles together are too many' }),
  roles: z.array(named),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Exclusion = z.infer<typeof Exclusion>

/** The state of a role in a session. */
export const activeRoleState = z.enum(['active', 'contested', 'deactivated']).meta({
  description: 'active: in use; contested: mutually exclusive with another role, and not activated; deactivated: not used in this session',
})
export type ActiveRoleState = z.infer<typeof activeRoleState>

/** A role of the caller and its state in the session. */
export const ActiveRole = z.object({
  role: named,
  state: activeRoleState,
  on: z.object({
    kind: z.enum(scopeKinds),
    organizationId: organizationId.nullable(),
    teamId: teamId.nullable(),
  }),
})
export type ActiveRole = z.infer<typeof ActiveRole>
