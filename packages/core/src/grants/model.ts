import { z } from 'zod'
import { allowedIps } from '../kernel/allowed-ips.ts'

/** From the widest to the narrowest. */
export const scopeKinds = ['system', 'organization', 'team', 'resource'] as const
export type ScopeKind = (typeof scopeKinds)[number]

/** Every installation has these roles. They are assigned like any other role; what they allow is code. */
export const builtInRoleNames = ['superadmin', 'monitor', 'user', 'anonymous', 'system'] as const
export type BuiltInRoleName = (typeof builtInRoleNames)[number]

/** Conditions for an assignment to count; all of them have to be met. */
export const condition = z
  .strictObject({
    assurance: z.literal('aal2').optional().meta({ description: 'only in a session with two factors' }),
    networks: allowedIps.optional().meta({ description: 'only from these addresses or CIDR blocks' }),
  })
  .refine(({ assurance, networks }) => assurance !== undefined || (networks !== undefined && networks.length > 0), 'says nothing')
export type Condition = z.infer<typeof condition>
