import type { SqlEntityManager } from '@mikro-orm/sql'
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
import { could, permissionsAtTime } from './at.ts'
import { candidatesAt, belongedTo, knownSubject } from './candidates.ts'
import { changesBetween } from './changes.ts'
import type { Difference } from '../explain/model.ts'
import { loadNames, describeScope, uuidsIn } from '../explain/names.ts'
import { explainSignatures } from '../explain/signatures.ts'
import { findScopeAt, loadSubjectsAt, type ScopeAt, type SubjectAt } from './state.ts'

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
    const scopes = { from: await existingScopeAt(em, on, from), to: await existingScopeAt(em, on, to) }
    const visibility = visibilityFor(actor, scopes.to, { action, userId: subject })
    const cursorScope = {
      action,
      filters: { from, until, permission, on, userId },
      viewer: actor.kind === 'user' ? actor.principal.userId : actor.kind,
    }
    const position = await openCursor(ports.cipher, cursorScope, cursor)
    const period: Period = { catalogue, permission, times: { from, to }, scopes }
    const users =
      subject === null ? await everybody(em, period, { after: position === null ? null : String(position[0]), limit }) : [subject]
    const shown = users.slice(0, limit)
    const last = shown.at(-1)
    const names = await loadNames(em, uuidsIn(scopes.to))
    return {
      from,
      to: until,
      on: describeScope(scopes.to, names),
      ...(await changesBetween(em, { from, to, userId: subject, scope: scopes.to, visibility })),
      items: await differences(em, period, { users: shown, subject, visibility }),
      nextCursor: await nextCursorOf(ports.cipher, cursorScope, users.length > limit && last !== undefined ? [uuidOf(last)] : null),
    }
  },
})

async function existingScopeAt(em: SqlEntityManager, on: ScopeInput, time: Date): Promise<ScopeAt> {
  const scope = await findScopeAt(em, on, time)
  if (scope === null) throw notFound({ type: askedType })
  return scope
}

/** The subject; null: everybody in the scope. Without a scope that would be all users, so then it is the caller. */
function subjectOf(actor: Actor, { userId, on }: { userId?: Id<'usr'> | undefined; on: ScopeInput }): Id<'usr'> | null {
  if (userId !== undefined) return userId
  return Object.keys(on).length === 0 && actor.kind === 'user' ? actor.principal.userId : null
}

interface Period {
  readonly catalogue: Catalogue
  readonly permission: string | undefined
  readonly times: { readonly from: Date; readonly to: Date }
  readonly scopes: { readonly from: ScopeAt; readonly to: ScopeAt }
}

/** Users with any assignment there at one of the two times, one more than the page holds. */
async function everybody(
  em: SqlEntityManager,
  { catalogue, times, scopes }: Period,
  page: { readonly after: string | null; readonly limit: number },
) {
  const wanted = { after: page.after, limit: page.limit + 1 }
  const before = await candidatesAt(em, { catalogue, scope: scopes.from, time: times.from }, wanted)
  const after = await candidatesAt(em, { catalogue, scope: scopes.to, time: times.to }, wanted)
  return [...new Set([...before, ...after])].toSorted(byUuid).slice(0, page.limit + 1)
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

async function differences(em: SqlEntityManager, period: Period, { users, subject, visibility }: ComparedUsers): Promise<Difference[]> {
  const { times, scopes } = period
  const then = new Map((await loadSubjectsAt(em, users, times.from)).map((user) => [user.userId, user]))
  const later = await loadSubjectsAt(em, users, times.to)
  return later.flatMap((after): Difference[] => {
    const before = then.get(after.userId)
    if (before === undefined) return []
    const isSeen = subject !== null || visibility.people === 'all' || belongedTo(before, scopes.from) || belongedTo(after, scopes.to)
    const { gained, lost } = differenceOf(period, knownSubject(visibility, before, scopes.from), knownSubject(visibility, after, scopes.to))
    if (!isSeen || (subject === null && gained.length + lost.length === 0)) return []
    return [{ userId: after.userId, username: after.username, gained, lost }]
  })
}

/** The permissions a user had at only one of two times. */
function differenceOf(period: Period, before: SubjectAt, after: SubjectAt): { readonly gained: string[]; readonly lost: string[] } {
  const { catalogue, permission, times, scopes } = period
  const [then, now] = [
    { catalogue, scope: scopes.from, time: times.from },
    { catalogue, scope: scopes.to, time: times.to },
  ]
  if (permission !== undefined) {
    const [could1, could2] = [could({ ...then, permission }, before), could({ ...now, permission }, after)]
    return { gained: could2 && !could1 ? [permission] : [], lost: could1 && !could2 ? [permission] : [] }
  }
  const [had, has] = [permissionsAtTime(then, before), permissionsAtTime(now, after)]
  return { gained: beyond(catalogue, has, had), lost: beyond(catalogue, had, has) }
}

/** Permissions that are not covered by the others: a user who had document.* does not gain document.read. */
function beyond(catalogue: Catalogue, permissions: readonly string[], others: readonly string[]): string[] {
  const set = permissionsOf(catalogue, others)
  return permissions.filter((permission) => !coveredBy([set], catalogue, permission))
}
