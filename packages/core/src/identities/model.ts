import type { Id } from '../kernel/id.ts'

export type IdentityId = Id<'idn'>
