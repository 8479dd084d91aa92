import type { Actor, Principal, UseRecorder } from '../../kernel/context.ts'
import type { DecisionFacts, Scope } from '../../kernel/decisions.ts'
import type { Catalogue, ParsedInputOf } from '../../kernel/signature.ts'
import { recordUse } from './check.ts'
import { isCallerAllowed, isAboutCaller, isAllowed, isCached, scopeOf, type DecisionView } from './decide.ts'
import { decisionsSignatures } from './signatures.ts'

const signature = decisionsSignatures.check

/** A question as `access.check` takes it, read before. */
export type Question = ParsedInputOf<typeof signature>

/** null: it is none; the pipeline says why. */
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
 * What `access.check` answers, where all that it takes is in memory; undefined: it is not, the answer depends on
 * where the caller is, or is an error. The same rule and the same decision as in the action, in their order.
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
