import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type TargetFinder } from '../kernel/action.ts'
import { isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import { encodeSuffix, idOf, idOrNull, uuidBytes, uuidOf } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { anyOf, credentialRule, granted, owner } from '../kernel/rule.ts'
import { type UserId, accountTarget } from '../users/index.ts'
import type { LoginMethod, LoginOutcome, LoginAttempt } from './model.ts'
import { nameOfNobody } from './record.ts'
import { loginHistorySignatures } from './signatures.ts'

const signature = loginHistorySignatures.listLoginHistory

interface NamesUser {
  readonly userId?: UserId | undefined
}

const historyTarget = {
  type: 'user',
  find: async (em: SqlEntityManager, { userId }: NamesUser) => (userId === undefined ? undefined : accountTarget.find(em, { userId })),
} satisfies TargetFinder<NamesUser>

/** Without a user, callers get what they may see: see below. */
const forOneself = credentialRule(
  'anybody who is signed in, for their own attempts',
  ({ input }) => (input as NamesUser).userId === undefined,
)

/**
 * The history of a named user is for the user, and for those who may see it where
 * the account is managed. The whole history, with what was typed for unknown users,
 * is for those who may see it everywhere; anybody else gets their own.
 */
export const listLoginHistory = defineQuery(signature, {
  allow: anyOf(granted, owner, forOneself),
  target: historyTarget,
  async handle({ open, ports, actor }, { limit, cursor, ...filters }) {
    const about = filters.userId ?? (seesAllAttempts(actor) || actor.kind !== 'user' ? null : actor.principal.userId)
    const scope = { action: signature.name, filters, viewer: about ?? 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const { identifier } = filters
    const names = identifier === undefined ? null : ([identifier, await nameOfNobody(ports, identifier)] as const)
    const rows = await select(await open(), { ...filters, names, about, before: position?.[0] ?? null, limit: limit + 1 })
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [idOf('lat', id)] })
    return { items: shown.map(attemptOf), nextCursor }
  },
})

function seesAllAttempts(actor: Actor): boolean {
  return isGrantedEverywhere(actor, signature.name)
}

interface AttemptSelection {
  /** null: of all users. */
  readonly about: UserId | null
  /** As it may stand there; null: all. */
  readonly names: readonly [string, string] | null
  readonly outcome?: LoginOutcome | undefined
  readonly from?: Date | undefined
  readonly until?: Date | undefined
  /** The position where the previous page ended. */
  readonly before: string | number | null
  readonly limit: number
}

interface Row {
  readonly id: string
  readonly at: number
  readonly identifier: string
  readonly user_id: string | null
  readonly username: string | null
  readonly outcome: LoginOutcome
  readonly method: LoginMethod
  readonly session_id: string | null
  readonly actor_id: string | null
  readonly ip: string | null
  readonly user_agent: string | null
}

/** Ids are ordered by time, so the index by id also serves time ranges. */
async function select(em: SqlEntityManager, selection: AttemptSelection): Promise<Row[]> {
  const { about, names, outcome, from, until, before, limit } = selection
  const conditions: (readonly [condition: string, ...parameters: unknown[]])[] = []
  if (about !== null) conditions.push(['l.user_id = ?::uuid', uuidOf(about)])
  if (names !== null) conditions.push(['l.identifier in (?, ?)', ...names])
  if (outcome !== undefined) conditions.push(['l.outcome = ?', outcome])
  if (from !== undefined) conditions.push(['l.id >= ?::uuid', firstIdAt(from)])
  if (until !== undefined) conditions.push(['l.id < ?::uuid', firstIdAt(until)])
  if (before !== null) conditions.push(['l.id < ?::uuid', uuidOf(String(before))])
  return em.execute<Row[]>(
    `select l.id::text, (extract(epoch from l.at) * 1000)::float8 as at, l.identifier, l.user_id::text, u.username, l.outcome, l.method,
        l.session_id::text, l.actor_id::text, host(l.ip) as ip, l.user_agent
      from login_attempts l left join users u on u.id = l.user_id
      where ${['true', ...conditions.map(([condition]) => condition)].join(' and ')} order by l.id desc limit ?`,
    [...conditions.flatMap(([, ...parameters]) => parameters), limit],
  )
}

/** The smallest id of that time. */
function firstIdAt(time: Date): string {
  const bytes = uuidBytes(time, new Uint8Array(10))
  return uuidOf(`lat_${encodeSuffix(bytes)}`)
}

function attemptOf(row: Row): LoginAttempt {
  const { user_id: userId, username, session_id: sessionId, actor_id: actorId } = row
  return {
    id: idOf('lat', row.id),
    at: new Date(row.at),
    identifier: row.identifier,
    user: userId === null ? null : { id: idOf('usr', userId), username: username ?? '' },
    outcome: row.outcome,
    method: row.method,
    sessionId: idOrNull('ses', sessionId),
    by: idOrNull('usr', actorId),
    ip: row.ip,
    userAgent: row.user_agent,
  }
}
