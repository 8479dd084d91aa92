import type { Actor, Principal } from '../../kernel/actor.ts'
import type { UseRecorder } from '../../kernel/context.ts'
import type { DecisionFacts, Scope } from '../../kernel/decisions.ts'
import type { Catalogue, ParsedInputOf } from '../../kernel/signature.ts'
import { recordUse } from './check.ts'
import { isCallerAllowed, isAboutCaller, isAllowed, isCached, scopeOf, type DecisionView } from './decide.ts'
import { decisionsSignatures } from './signatures.ts'

const signature = decisionsSignatures.check

/** The parsed input of `access.check`. */
export type Question = ParsedInputOf<typeof signature>

/** null: it is invalid; the pipeline says why. */
export function questionOf(input: unknown): Question | null {
  const parsed = signature.input.safeParse(input ?? {})
  return parsed.success ? parsed.data : null
}

interface CacheParts {
  readonly catalogue: Catalogue
  readonly uses: UseRecorder
  readonly facts: DecisionFacts
}

/**
 * The answer of `access.check` from the cache; undefined: not everything is cached, the answer depends on the caller's address, or is an
 * error. Applies the same rule and decision as the action, in the same order.
 */
export function checkFromCache(
  { catalogue, uses, facts }: CacheParts,
  principal: Principal,
  question: Question,
): { allowed: boolean } | undefined {
  const actor: Actor = { kind: 'user', principal }
  const scope = scopeOf(facts, question.on)
  if (principal.conditionalGrants !== null || scope === null || !isCached(facts, actor, question)) return undefined
  const view = { catalogue, actor, facts }
  if (!isAboutCaller(actor, question) && !mayAsk(view, principal, scope, uses)) return undefined
  const allowed = isAllowed(view, signature.name, question, question.permission, scope)
  if (allowed) recordUse({ actor, catalogue, uses }, question, question.permission, scope)
  return { allowed }
}

function mayAsk(view: DecisionView, principal: Principal, scope: Scope, uses: UseRecorder): boolean {
  if (!isCallerAllowed(view, signature.name, scope)) return false
  if (principal.impersonator === null) uses.note(principal.userId, signature.name, scope.organizationId)
  return true
}
