import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import { invalidInput, notFound } from '../../kernel/errors.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { nextCursorOf, openCursor } from '../../kernel/page.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { ScopeInput } from '../model.ts'
import { coveredBy, permissionsOf } from '../../grants/index.ts'
import { askedTarget, askedType, visibilityFor, type Visibility } from '../explain/visibility.ts'
import { FactsReader } from '../facts/reader.ts'
import { findScopeAt } from '../facts/scopes.ts'
import { belongedTo, type SubjectFacts } from '../facts/subjects.ts'
import { could, permissionsAtTime } from './at.ts'
import { candidatesAt, knownSubject, type PointInTime } from './candidates.ts'
import { changesBetween } from './changes.ts'
import type { Difference } from '../explain/model.ts'
import { loadNames } from '../facts/names.ts'
import { describeScope, uuidsIn } from '../explain/describe.ts'
import { explainSignatures } from '../explain/signatures.ts'

const { name: action } = explainSignatures.compare

export const compare = defineQuery(explainSignatures.compare, {
  oneSnapshot: true,
  allow: anyOf(granted, owner),
  target: {
    type: askedType,
    async find(em, { userId, from, on = {} }, actor) {
      return askedTarget(em, await findScopeAt(em, on, from), actor, { action, userId: subjectOf(actor, { userId, on }) })
    },
  },
  async handle({ open, ports, catalogue, actor, now }, { from, to: until = null, userId, permission, on = {}, limit, cursor }) {
    const to = until ?? now
    if (to < from) throw invalidInput({ issues: [{ path: 'to', message: 'is before the time to compare from' }] })
    const em = await open()
    const subject = subjectOf(actor, { userId, on })
    const pointAt = async (at: Date) => pointInTime(catalogue, new FactsReader(em, at, now), on)
    const period = { permission, before: await pointAt(from), after: await pointAt(to) }
    const { scope } = period.after
    const visibility = visibilityFor(actor, scope, { action, userId: subject })
    const cursorScope = {
      action,
      filters: { from, until, permission, on, userId },
      viewer: actor.kind === 'user' ? actor.principal.userId : actor.kind,
    }
    const position = await openCursor(ports.cipher, cursorScope, cursor)
    const users = subject === null ? await everybody(period, { after: position === null ? null : String(position[0]), limit }) : [subject]
    const shown = users.slice(0, limit)
    const last = shown.at(-1)
    const names = await loadNames(em, uuidsIn(scope))
    return {
      from,
      to: until,
      on: describeScope(scope, names),
      ...(await changesBetween(em, { from, to, userId: subject, scope, visibility })),
      items: await differences(period, { users: shown, subject, visibility }),
      nextCursor: await nextCursorOf(ports.cipher, cursorScope, users.length > limit && last !== undefined ? [uuidOf(last)] : null),
    }
  },
})

async function pointInTime(catalogue: Catalogue, facts: FactsReader, on: ScopeInput): Promise<PointInTime> {
  const scope = await facts.scope(on)
  if (scope === null) throw notFound({ type: askedType })
  return { catalogue, facts, scope }
}

/** The subject; null: everybody in the scope. Without a scope that would be all users, so then it is the caller. */
function subjectOf(actor: Actor, { userId, on }: { userId?: Id<'usr'> | undefined; on: ScopeInput }): Id<'usr'> | null {
  if (userId !== undefined) return userId
  return Object.keys(on).length === 0 && actor.kind === 'user' ? actor.principal.userId : null
}

interface Period {
  readonly permission: string | undefined
  readonly before: PointInTime
  readonly after: PointInTime
}

/** Users with any assignment there at one of the two times, one more than the page holds. */
async function everybody({ before, after }: Period, page: { readonly after: string | null; readonly limit: number }) {
  const wanted = { after: page.after, limit: page.limit + 1 }
  const found = [...(await candidatesAt(before, undefined, wanted)), ...(await candidatesAt(after, undefined, wanted))]
  return [...new Set(found)].toSorted(byUuid).slice(0, page.limit + 1)
}

/** The same order as in the database: the letters of ids sort like their bytes. */
function byUuid(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

interface ComparedUsers {
  readonly users: readonly Id<'usr'>[]
  readonly subject: Id<'usr'> | null
  readonly visibility: Visibility
}

async function differences(period: Period, { users, subject, visibility }: ComparedUsers): Promise<Difference[]> {
  const { before, after } = period
  const then = new Map((await before.facts.users(users)).map((user) => [user.userId, user]))
  const later = await after.facts.users(users)
  return later.flatMap((is): Difference[] => {
    const was = then.get(is.userId)
    if (was === undefined) return []
    const isSeen = subject !== null || visibility.people === 'all' || belongedTo(was, before.scope) || belongedTo(is, after.scope)
    const { gained, lost } = differenceOf(period, knownSubject(visibility, was, before.scope), knownSubject(visibility, is, after.scope))
    if (!isSeen || (subject === null && gained.length + lost.length === 0)) return []
    return [{ userId: is.userId, username: is.username, gained, lost }]
  })
}

/** The permissions a user had at only one of two times. */
function differenceOf(
  { permission, before, after }: Period,
  was: SubjectFacts,
  is: SubjectFacts,
): { readonly gained: string[]; readonly lost: string[] } {
  if (permission !== undefined) {
    const [could1, could2] = [could(before, permission, was), could(after, permission, is)]
    return { gained: could2 && !could1 ? [permission] : [], lost: could1 && !could2 ? [permission] : [] }
  }
  const { catalogue } = before
  const [had, has] = [permissionsAtTime(before, was), permissionsAtTime(after, is)]
  return { gained: beyond(catalogue, has, had), lost: beyond(catalogue, had, has) }
}

/** Permissions that are not covered by the others: a user who had document.* does not gain document.read. */
function beyond(catalogue: Catalogue, permissions: readonly string[], others: readonly string[]): string[] {
  const set = permissionsOf(catalogue, others)
  return permissions.filter((permission) => !coveredBy([set], catalogue, permission))
}
