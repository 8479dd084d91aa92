import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Cache, CacheState } from '../../kernel/caches.ts'
import type { UseRecorder } from '../../kernel/context.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import type { Clock } from '../../ports/clock.ts'

/** Who used which permission in which organization (empty: none), as one text. */
export type PermissionUse = `${Id<'usr'>} ${string} ${Id<'org'> | ''}`

const hour = 3_600_000
/** Entries remembered at most; then all are forgotten, and some uses are recorded again within the hour. */
const mostRemembered = 200_000

/**
 * Records each use of a permission at most once an hour. It is on the path of every decision: a use that is known already costs three
 * lookups and no allocation.
 */
export class PermissionUses implements UseRecorder, Cache {
  readonly #clock: Clock
  readonly #noteAnew: (use: PermissionUse, now: Date) => void
  /** By user and organization. */
  #noted = new Map<string, Map<string, Set<string>>>()
  #count = 0
  #since = -Infinity

  constructor(clock: Clock, noteAnew: (use: PermissionUse, now: Date) => void) {
    this.#clock = clock
    this.#noteAnew = noteAnew
  }

  get state(): CacheState {
    return { name: 'permissionUses', entries: this.#count, most: mostRemembered }
  }

  note(userId: Id<'usr'>, permission: string, organizationId: Id<'org'> | null): void {
    const now = this.#clock.now()
    if (now.getTime() - this.#since >= hour || this.#count >= mostRemembered) this.#forget(now)
    const place = organizationId ?? ''
    const ofUser = this.#noted.get(userId) ?? added(this.#noted, userId, new Map<string, Set<string>>())
    const there = ofUser.get(place) ?? added(ofUser, place, new Set<string>())
    if (there.has(permission)) return
    there.add(permission)
    this.#count++
    this.#noteAnew(`${userId} ${permission} ${place}`, now)
  }

  /** Each process forgets an hour after its first use, not on the hour, so that they do not all write at once. */
  #forget(now: Date): void {
    this.#noted = new Map()
    this.#count = 0
    this.#since = now.getTime()
  }
}

function added<Value>(memory: Map<string, Value>, key: string, value: Value): Value {
  memory.set(key, value)
  return value
}

/** Writes uses, unless a later or equal one within the hour is stored: other processes may have written the same. */
export async function writePermissionUses(em: SqlEntityManager, used: readonly (readonly [use: PermissionUse, at: Date])[]): Promise<void> {
  const rows = used.map(([use, at]) => {
    const [user = '', permission = '', organization = ''] = use.split(' ')
    return { user: uuidOf(user as Id<'usr'>), permission, home: organization === '' ? null : uuidOf(organization as Id<'org'>), at }
  })
  await em.execute(
    `insert into permission_uses as p (user_id, permission, home, last_used_at)
      select u."user", u.permission, coalesce(u.home, '00000000-0000-0000-0000-000000000000'), u.at
        from json_to_recordset(?::json) as u ("user" uuid, permission text, home uuid, at timestamptz) join users on users.id = u."user"
        order by 1, 2, 3
      on conflict (user_id, permission, home) do update set last_used_at = excluded.last_used_at
        where p.last_used_at <= excluded.last_used_at - interval '1 hour'`,
    [JSON.stringify(rows)],
    'run',
  )
}
