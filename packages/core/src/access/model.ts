import type { Id } from '../kernel/id.ts'

export type RoleId = Id<'rol'>
/** Teams and services join when they exist; the column is there for them. */
export type SubjectKind = 'user'
export type ScopeKind = 'system' | 'organization'

/** The roles that every installation has. They are granted like any other role; what they allow is code. */
export const builtInRoleNames = ['superadmin', 'monitor', 'user', 'anonymous', 'system'] as const
export type BuiltInRoleName = (typeof builtInRoleNames)[number]
