import type { Actor, Principal, UseRecorder } from '../../kernel/context.ts'
import type { DecisionFacts, Scope } from '../../kernel/decisions.ts'
import type { Catalogue, ParsedInputOf } from '../../kernel/signature.ts'
import { noteUse } from './check.ts'
import { callerMay, isAboutCaller, isAllowed, isRemembered, placeOf, type View } from './deciding.ts'
import { decisionsSignatures } from './signatures.ts'

const signature = decisionsSignatures.check

/** A question as `access.check` takes it, read before. */
export type Question = ParsedInputOf<typeof signature>

/** null: it is none; the pipeline says why. */
export function questionOf(input: unknown): Question | null {
  const parsed = signature.input.safeParse(input ?? {})
  return parsed.success ? parsed.data : null
}

interface Parts {
  readonly catalogue: Catalogue
  readonly uses: UseRecorder
  readonly known: DecisionFacts
}

/**
 * What `access.check` answers, where all that it takes is in memory; undefined: it is not, the answer depends on
 * where the caller is, or is an error. The same rule and the same decision as in the action, in their order.
 */
export function checkAtOnce({ catalogue, uses, known }: Parts, principal: Principal, question: Question): { allowed: boolean } | undefined {
  const actor: Actor = { kind: 'user', principal }
  const place = placeOf(known, question.on)
  if (principal.conditionalGrants !== null || place === null || !isRemembered(known, actor, question)) return undefined
  const view = { catalogue, actor, known }
  if (!isAboutCaller(actor, question) && !mayAsk(view, principal, place, uses)) return undefined
  const allowed = isAllowed(view, signature.name, question, question.permission, place)
  if (allowed) noteUse({ actor, catalogue, uses }, question, question.permission, place)
  return { allowed }
}

function mayAsk(view: View, principal: Principal, place: Scope, uses: UseRecorder): boolean {
  if (!callerMay(view, signature.name, place)) return false
  if (principal.impersonator === null) uses.note(principal.userId, signature.name, place.organizationId)
  return true
}
