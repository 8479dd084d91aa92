import type { CachedTargetFinder } from '../../kernel/action.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { credentialRule, type Target } from '../../kernel/rule.ts'
import type { ScopeInput } from '../model.ts'
import { scopeIdOf } from '../facts/scopes.ts'
import { visibleWith } from '../targets.ts'
import { callerGrants, isAboutCaller, scopeOf, decisionRequestOf, type DecisionInput, type DecisionView } from './decide.ts'

/** The scope in question, with the caller's grants there. A question about oneself has no target. */
export const askedScopeTarget = {
  type: 'place',
  async find(context: Context, asked: DecisionInput): Promise<Target | null | undefined> {
    return isAboutCaller(context.actor, asked) ? undefined : targetAt(context, asked.on)
  },
} satisfies CachedTargetFinder<DecisionInput>

/** The scope in question, where the subject is everybody. */
export const anyScopeTarget = {
  type: 'place',
  find: (context: Context, { on }: Pick<DecisionInput, 'on'>) => targetAt(context, on),
} satisfies CachedTargetFinder<Pick<DecisionInput, 'on'>>

type Context = Pick<QueryContext, 'decisions' | 'catalogue' | 'actor'>

async function targetAt({ decisions, catalogue, actor }: Context, on: ScopeInput | undefined): Promise<Target | null | undefined> {
  // Nothing is loaded for a caller who will be turned away.
  if (actor.kind === 'anonymous' || scopeIdOf(on) === null) return undefined
  const facts = await decisions.load(decisionRequestOf(actor, { on }))
  const scope = scopeOf(facts, on)
  return scope === null ? null : targetOf({ catalogue, actor, facts }, scope)
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
