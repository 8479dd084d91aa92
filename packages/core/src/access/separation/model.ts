import { z } from 'zod'
import { organizationId } from '../../organizations/model.ts'
import { exclusionId, roleId, teamReference } from '../model.ts'
import { scopeKinds } from '../../grants/model.ts'

const named = z.object({ id: roleId, name: z.string() })

/** Roles of which nobody has too many, or uses too many in one session: separation of duty. */
export const Exclusion = z.object({
  id: exclusionId,
  organizationId: organizationId
    .nullable()
    .meta({ description: 'whose it is, and where it counts; null: of the installation, everywhere' }),
  name: z.string(),
  kind: z.enum(['static', 'dynamic']),
  cardinality: z.int().meta({ description: 'as many of the roles together are too many' }),
  roles: z.array(named),
  version: z.int(),
  createdAt: z.date(),
  updatedAt: z.date(),
})
export type Exclusion = z.infer<typeof Exclusion>

/** How a role stands in a session. */
export const activeRoleState = z.enum(['active', 'contested', 'deactivated']).meta({
  description: 'active: in use; contested: it excludes another one, and was not chosen; dropped: laid down for this session',
})
export type ActiveRoleState = z.infer<typeof activeRoleState>

/** A role that the caller has somewhere, and how it stands in the session. */
export const ActiveRole = z.object({
  role: named,
  state: activeRoleState,
  on: z.object({
    kind: z.enum(scopeKinds),
    organizationId: organizationId.nullable(),
    teamId: teamReference.nullable(),
  }),
})
export type ActiveRole = z.infer<typeof ActiveRole>
