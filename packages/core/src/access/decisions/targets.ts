import type { CachedTargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { DecisionRequest, DecisionView, Scope } from '../../kernel/decisions.ts'
import { credentialRule, type Target } from '../../kernel/rule.ts'
import type { ScopeInput } from '../model.ts'
import { scopeIdOf } from '../facts/scopes.ts'
import { visibleWith } from '../targets.ts'
import { callerGrants, isAboutCaller, scopeOf, decisionRequestOf, type DecisionInput } from './decide.ts'

/** The scope in question, with the caller's grants there. A question about oneself has no target. */
export const askedScopeTarget = {
  type: 'place',
  needs: (actor, asked) => (isAboutCaller(actor, asked) ? null : needsAt(actor, asked.on)),
  find: (view, { on }) => targetAt(view, on),
} satisfies CachedTargetFinder<DecisionInput>

/** The scope in question, where the subject is everybody. */
export const anyScopeTarget = {
  type: 'place',
  needs: (actor, { on }) => needsAt(actor, on),
  find: (view, { on }) => targetAt(view, on),
} satisfies CachedTargetFinder<Pick<DecisionInput, 'on'>>

function needsAt(actor: Actor, on: ScopeInput | undefined): DecisionRequest | null {
  // Nothing is loaded for a caller who will be turned away.
  return actor.kind === 'anonymous' || scopeIdOf(on) === null ? null : decisionRequestOf(actor, { on })
}

function targetAt(view: DecisionView, on: ScopeInput | undefined): Target | null {
  const scope = scopeOf(view.facts, on)
  return scope === null ? null : targetOf(view, scope)
}

/** The scope as a target. */
function targetOf(view: DecisionView, scope: Scope): Target {
  const { kind, organizationId, path } = scope
  const id = path[0] ?? organizationId ?? ''
  const target = { type: kind, id, organizationId, userId: null, path, visibleWith: visibleWith[kind] }
  return view.actor.kind === 'user' ? { ...target, resourceGrants: callerGrants(view, view.actor.principal, scope) } : target
}

/** A caller who asks about themselves. */
export const aboutCaller = credentialRule(
  'anybody who is signed in, about themselves',
  ({ actor, input }) => actor.kind !== 'anonymous' && isAboutCaller(actor, input as DecisionInput),
)
