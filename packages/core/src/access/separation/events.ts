import type { CommandContext } from '../../kernel/context.ts'
import type { Exclusion } from './model.ts'

/** Emits an event about a set. */
export function emitExclusion(context: CommandContext, type: string, { id, organizationId, name, kind }: Exclusion): void {
  context.emit({ type, subject: id, organizationId, payload: { exclusionId: id, organizationId, name, kind } })
}
