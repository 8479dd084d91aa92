import type { Id } from '../kernel/id.ts'

export type PasskeyId = Id<'psk'>
