import { anonymousActor, completed, uuidOf, type SignedIn } from '@denizen/core'
import { password } from './people.ts'
import type { World } from './world.ts'

const browser = { ip: '192.0.2.7', userAgent: 'a browser' }

/** Every action, as nobody, from a browser. */
export function asBrowser({ core }: World, from: typeof browser = browser) {
  return core.as(anonymousActor, from)
}

/** The tokens of somebody who has just signed in. */
export async function newSession(world: World, from?: typeof browser): Promise<SignedIn> {
  const user = await world.newUser()
  return completed(await asBrowser(world, from).auth.signIn({ identifier: user.id, password }))
}

/** Why a session ended (null: it has not), and how many of its tokens are valid. */
export async function endOfSession(world: World, { session }: SignedIn) {
  const [row] = await world.rows<{ reason: string | null; live: number }>(
    `select end_reason as reason, (select count(*)::int from tokens t where t.session_id = s.id and t.revoked_at is null) as live
      from sessions s where id = ?`,
    [uuidOf(session.id)],
  )
  return row
}
