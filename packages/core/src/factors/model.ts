import type { Id } from '../kernel/id.ts'

export type FactorId = Id<'fac'>
