import type { CommandContext } from '../kernel/context.ts'
import { neighbourhoodOf } from '../kernel/network.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { countInHour } from './windows.ts'

/** Entries that a neighbourhood of networks leaves in the login history in an hour, of attempts that no other limit bounds. */
const mostKept = 200

/**
 * Records an attempt to sign in that was refused. One at nobody's name, and one that has to wait, says little and costs its sender
 * nothing: of those only so many are kept, and all are counted by the monitors. Others are bounded by what may be guessed at an account.
 * To be called last: what holds the row of a network waits for nobody.
 */
export async function recordRefusal(context: CommandContext, attempt: Parameters<typeof recordLoginAttempt>[1]): Promise<void> {
  const { ip } = context.origin
  const isUnbounded = attempt.userId === null || attempt.outcome === 'locked'
  if (isUnbounded && ip !== null && (await countInHour(context, 'refusals/network', [neighbourhoodOf(ip) ?? ip])) > mostKept) return
  recordLoginAttempt(context, attempt)
}
