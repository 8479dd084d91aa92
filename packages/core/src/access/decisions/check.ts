import { defineInquiry, defineQuery } from '../../kernel/action.ts'
import type { QueryContext } from '../../kernel/context.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { anyOf, granted, signedIn } from '../../kernel/rule.ts'
import { groupOf, groupsOf } from '../../grants/index.ts'
import { callerMay, isAboutCaller, isAllowed, knownSubject, listOfCaller, placeOf, wantedBy, type Asked, type View } from './deciding.ts'
import { decisionsSignatures } from './signatures.ts'
import { aboutCaller, askedPlace } from './targets.ts'
import { permissionsAt } from '../subjects.ts'

export const check = defineQuery(decisionsSignatures.check, {
  allow: anyOf(aboutCaller, granted),
  cachedTarget: askedPlace,
  async handle(context, input) {
    const view = await viewOf(context, input)
    const place = placeIn(view, decisionsSignatures.check.name, input)
    const allowed = place !== null && isAllowed(view, decisionsSignatures.check.name, input, input.permission, place)
    if (allowed && place !== nowhere) noteUse(context, input, input.permission, place)
    return { allowed }
  },
})

export const checkMany = defineInquiry(decisionsSignatures.checkMany, {
  // Who asks about others needs the action at each place; where they have it not, the answer is no.
  allow: signedIn,
  async handle({ decisions, actor, catalogue }, { checks, ...asked }) {
    const { name } = decisionsSignatures.checkMany
    const known = await decisions.load(
      wantedBy(
        actor,
        asked,
        checks.map(({ on }) => on),
      ),
    )
    const view = { catalogue, actor, known }
    const aboutThem = isAboutCaller(actor, asked)
    return {
      allowed: checks.map(({ permission, on }) => {
        const place = placeAsTold(view, name, asked, on)
        if (place === null || !(aboutThem || callerMay(view, name, place))) return false
        return isAllowed(view, name, asked, permission, place)
      }),
    }
  },
})

export const listPermissions = defineQuery(decisionsSignatures.listPermissions, {
  allow: anyOf(aboutCaller, granted),
  cachedTarget: askedPlace,
  async handle(context, input) {
    const view = await viewOf(context, input)
    const place = placeIn(view, decisionsSignatures.listPermissions.name, input)
    if (place === null) return { permissions: [] }
    if (isAboutCaller(context.actor, input)) return { permissions: [...listOfCaller(view, place)] }
    const subject = knownSubject(view, decisionsSignatures.listPermissions.name, input, place)
    const held = subject === null ? [] : permissionsAt(context.catalogue, subject.grantsFrom(null), subject, place)
    return { permissions: [...held] }
  },
})

async function viewOf({ decisions, actor, catalogue }: QueryContext, asked: Asked): Promise<View> {
  return { catalogue, actor, known: await decisions.load(wantedBy(actor, asked)) }
}

/**
 * The place; null: it is not there, and whoever asks about themselves may do nothing there.
 * Whoever asks about others got that far by holding the action everywhere, and is told.
 */
function placeIn(view: View, action: string, asked: Asked): Scope | null {
  const place = placeAsTold(view, action, asked, asked.on)
  if (place === null && !isAboutCaller(view.actor, asked)) throw notFound({ type: askedPlace.type })
  return place
}

/** An organization that nobody belongs to. */
const nowhere: Scope = { kind: 'organization', organizationId: 'org_00000000000000000000000000', path: [], owners: [] }

/**
 * The place; null: it is not there. Whoever asks about themselves, and may not know of everything, is answered as about one that
 * is not theirs: what they hold everywhere they hold there too, and must not learn by it which places there are.
 */
function placeAsTold({ actor, known }: View, action: string, asked: Asked, on: Asked['on']): Scope | null {
  const place = placeOf(known, on)
  if (place !== null || !isAboutCaller(actor, asked) || actor.kind !== 'user') return place
  return actor.principal.grants.allowsEverywhere(action) ? null : nowhere
}

/** What an application asks about, it lets somebody do; what Denizen itself lets them do is noted where it does. */
export function noteUse(
  { actor, catalogue, uses }: Pick<QueryContext, 'actor' | 'catalogue' | 'uses'>,
  asked: Asked,
  permission: string,
  { organizationId }: Scope,
): void {
  if (groupsOf(catalogue).has(groupOf(permission))) return
  const own = actor.kind === 'user' && actor.principal.impersonator === null ? actor.principal.userId : undefined
  const userId = isAboutCaller(actor, asked) ? own : asked.userId
  if (userId !== undefined) uses.note(userId, permission, organizationId)
}
