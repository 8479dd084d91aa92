import { checkFromCache, type Question } from '../access/index.ts'
import type { Principal } from '../kernel/actor.ts'
import { DenizenError } from '../kernel/errors.ts'
import { checkActor } from './actor.ts'
import type { Assembly } from './assembly.ts'

const name = 'access.check'
/** Only the token is known of the call: users with address restrictions go through the pipeline. */
const unknownOrigin = { requestId: '', ip: null, userAgent: null, remote: true } as const

/**
 * Answers `access.check`, the most frequent question, without waiting: the same answer, metrics and rate limit as in the pipeline.
 * undefined: use `run`, which also says why it may be denied.
 */
export function checkImmediately(
  assembly: Assembly,
  principal: Principal,
  question: Question,
  requestId: string,
): { allowed: boolean } | undefined {
  const { actions, catalogue, decisions, monitors, ports, rate, uses } = assembly
  const action = actions.get(name)
  const startedAt = ports.clock.monotonic()
  const now = ports.clock.now()
  if (action === undefined || principal.validUntil <= now) return undefined
  try {
    checkActor(action, { kind: 'user', principal }, unknownOrigin, now)
  } catch (error) {
    if (error instanceof DenizenError) return undefined
    throw error
  }
  const answer = checkFromCache({ catalogue, uses, facts: decisions.cached(now) }, principal, question)
  if (answer === undefined || !rate.countImmediately(principal)) return undefined
  const durationMs = ports.clock.monotonic() - startedAt
  for (const monitor of monitors) monitor.observe({ action: name, kind: 'query', actorKind: 'user', outcome: 'ok', durationMs, requestId })
  return answer
}
