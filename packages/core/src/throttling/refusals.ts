import type { CommandContext } from '../kernel/context.ts'
import { neighbourhoodOf } from '../kernel/network.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import type { LoginMethod } from '../login-history/model.ts'
import { countInHour } from './windows.ts'

/** Entries that a neighbourhood of networks leaves in the login history in an hour, of attempts that no other limit bounds. */
const mostKept = 200

/** Ways to sign in at which nothing is guessed: so no budget of guesses bounds how often somebody is refused, though they are known. */
const withoutGuesses: ReadonlySet<LoginMethod> = new Set(['identity', 'magicLink', 'passkey', 'none'])

/**
 * Records an attempt to sign in that was refused. One at nobody's name, one that has to wait, and one that guesses nothing costs its
 * sender nothing: of those only so many are kept, in the audit log too, and all are counted by the monitors. Others are bounded by what
 * may be guessed at an account.
 * To be called last: what holds the row of a network waits for nobody.
 */
export async function recordRefusal(context: CommandContext, attempt: Parameters<typeof recordLoginAttempt>[1]): Promise<void> {
  const { ip } = context.origin
  const isUnbounded = attempt.userId === null || attempt.outcome === 'locked' || withoutGuesses.has(attempt.method)
  if (isUnbounded && ip !== null && (await countInHour(context, 'refusals/network', [neighbourhoodOf(ip) ?? ip])) > mostKept)
    return context.note({ looked: true })
  recordLoginAttempt(context, attempt)
}
