/** What the compiler knows in a program that has the client and nothing else of Denizen. Checked, never run. */
import { DenizenError, type Calls, type DenizenErrorCode, type ErrorKind } from '@denizen/client'

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
const same = <One, Other>(_same: Same<One, Other>): void => {}

export async function create(client: Calls): Promise<string> {
  const user = await client.users.create({ email: 'ada@example.com', fullName: 'Ada Lovelace' }, { idempotencyKey: 'first' })
  same<typeof user, null>(false) // which it would be of `never`, too
  if (user === null) return 'there was one already'
  same<typeof user.id, `usr_${string}`>(true)
  same<typeof user.email, string | null>(true)
  same<typeof user.createdAt, Date>(true)
  const status: 'active' | 'inactive' | 'suspended' | 'pending' | 'temporary' | 'archived' = user.status
  // @ts-expect-error -- a user has a fullName
  const name = user.name
  return `${status} ${String(name)}`
}

export async function wrongInput(client: Calls): Promise<void> {
  // @ts-expect-error -- an address is text
  await client.users.create({ email: 42 })
  // @ts-expect-error -- no such field
  await client.users.create({ email: 'ada@example.com', mail: 'ada@example.com' })
  // @ts-expect-error -- anonymous users are not created by hand
  await client.users.create({ email: 'ada@example.com', kind: 'anonymous' })
  // @ts-expect-error -- whom?
  await client.users.get()
  // @ts-expect-error -- no such status
  await client.users.setStatus({ userId: 'usr_1', status: 'gone' })
  // @ts-expect-error -- a username cannot be cleared
  await client.users.update({ userId: 'usr_1', username: null })
  // @ts-expect-error -- no such action
  await client.users.explode({})
  // @ts-expect-error -- a query changes nothing, so there is nothing to plan
  await client.users.get.plan({ userId: 'usr_1' })
  // @ts-expect-error -- and nothing to repeat
  await client.users.get({ userId: 'usr_1' }, { idempotencyKey: 'once' })
}

export async function pages(client: Calls): Promise<string[]> {
  const { items, nextCursor, total } = await client.users.list({ limit: 10, status: 'active', total: true })
  same<typeof nextCursor, string | null>(true)
  same<typeof total, number | null>(true)
  const found = items.map(({ username }) => username)
  for await (const user of client.users.list()) {
    same<typeof user.username, string>(true)
    found.push(user.username)
    // @ts-expect-error -- an item, not a page
    found.push(user.items)
  }
  return found
}

export async function plan(client: Calls): Promise<number> {
  const { rows, sessionsEnded } = await client.users.setStatus.plan({ userId: 'usr_1', status: 'suspended' })
  same<typeof sessionsEnded, number>(true)
  return rows['users']?.updated ?? 0
}

export async function failure(client: Calls): Promise<string> {
  try {
    return (await client.users.current()).user.username
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    same<typeof error.kind, ErrorKind>(true)
    same<typeof error.code, DenizenErrorCode>(true)
    same<DenizenErrorCode, string>(false)
    // @ts-expect-error -- kinds are a closed list
    return error.kind === 'forbidden' ? 'no' : error.code
  }
}
