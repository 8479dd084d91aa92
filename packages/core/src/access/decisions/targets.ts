import type { CachedTargetFinder } from '../../kernel/action.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { rule, type Target } from '../../kernel/rule.ts'
import type { ScopeInput } from '../model.ts'
import type { ScopeKind } from '../../grants/model.ts'
import { callersGrants, isAboutCaller, placeIdOf, placeOf, wantedBy, type Asked, type View } from './deciding.ts'

/** Whoever may see something there knows that it is there. */
const visibleWith: Readonly<Record<ScopeKind, string>> = {
  system: 'access.check',
  organization: 'organizations.get',
  team: 'teams.listMembers',
  resource: 'resources.get',
}

/** The place that is asked about, with what the caller holds there. Whoever asks about themselves asks about nothing that is anybody's. */
export const askedPlace = {
  type: 'place',
  async find(context: Context, asked: Asked): Promise<Target | null | undefined> {
    return isAboutCaller(context.actor, asked) ? undefined : targetAt(context, asked.on)
  },
} satisfies CachedTargetFinder<Asked>

/** The same where everybody is asked about. */
export const anyonesPlace = {
  type: 'place',
  find: (context: Context, { on }: Pick<Asked, 'on'>) => targetAt(context, on),
} satisfies CachedTargetFinder<Pick<Asked, 'on'>>

type Context = Pick<QueryContext, 'decisions' | 'catalogue' | 'actor'>

async function targetAt({ decisions, catalogue, actor }: Context, on: ScopeInput | undefined): Promise<Target | null | undefined> {
  // Nothing is read for whoever will be turned away.
  if (actor.kind === 'anonymous' || placeIdOf(on) === null) return undefined
  const known = await decisions.load(wantedBy(actor, { on }))
  const place = placeOf(known, on)
  return place === null ? null : targetOf({ catalogue, actor, known }, place)
}

/** A place as a target of whoever asks. */
function targetOf(view: View, place: Scope): Target {
  const { kind, organizationId, path } = place
  const id = path[0] ?? organizationId ?? ''
  const target = { type: kind, id, organizationId, userId: null, path, visibleWith: visibleWith[kind] }
  return view.actor.kind === 'user' ? { ...target, resourceGrants: callersGrants(view, view.actor.principal, place) } : target
}

/** Whoever asks about themselves. */
export const aboutCaller = rule(
  'anybody who is signed in, about themselves',
  ({ actor, input }) => actor.kind !== 'anonymous' && isAboutCaller(actor, input as Asked),
)
