import type { TargetRecaller } from '../../kernel/action.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { Place } from '../../kernel/decisions.ts'
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
  async recall(context: Context, asked: Asked): Promise<Target | null | undefined> {
    return isAboutCaller(context.actor, asked) ? undefined : targetAt(context, asked.on)
  },
} satisfies TargetRecaller<Asked>

/** The same where everybody is asked about. */
export const anyonesPlace = {
  type: 'place',
  recall: (context: Context, { on }: Pick<Asked, 'on'>) => targetAt(context, on),
} satisfies TargetRecaller<Pick<Asked, 'on'>>

type Context = Pick<QueryContext, 'decisions' | 'catalogue' | 'actor'>

async function targetAt({ decisions, catalogue, actor }: Context, on: ScopeInput | undefined): Promise<Target | null | undefined> {
  // Nothing is read for whoever will be turned away.
  if (actor.kind === 'anonymous' || placeIdOf(on) === null) return undefined
  const known = await decisions.find(wantedBy(actor, { on }))
  const place = placeOf(known, on)
  return place === null ? null : targetOf({ catalogue, actor, known }, place)
}

/** A place as a target of whoever asks. */
function targetOf(view: View, place: Place): Target {
  const { kind, organizationId, within } = place
  const id = within[0] ?? organizationId ?? ''
  const target = { type: kind, id, organizationId, userId: null, within, visibleWith: visibleWith[kind] }
  return view.actor.kind === 'user' ? { ...target, here: callersGrants(view, view.actor.principal, place) } : target
}

/** Whoever asks about themselves. */
export const aboutCaller = rule(
  'anybody who is signed in, about themselves',
  ({ actor, input }) => actor.kind !== 'anonymous' && isAboutCaller(actor, input as Asked),
)
