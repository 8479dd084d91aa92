import { createClient, DenizenError } from '@denizen/client'
import type { Calls } from '@denizen/core/calls'
import { uuidOf } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { eventually, within } from '../deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from '../processes.ts'
import { expectKept } from './promise.ts'

// R1: whoever is suspended has no say in it. Their calls share a lock that the suspension wants alone; were it only the lock
// of a row, each new call would be let in before the suspension that waits, which then never has its turn.

/** The promise, in milliseconds. */
const bound = 1000
/** Calls of the suspect at any moment, half of them in each process. */
const streams = 16
const trials = 3

let database: SystemDatabase
let servers: readonly ServerProgram[]
let admin: SignedInUser

beforeAll(async () => {
  database = await openDatabase()
  admin = await database.people.asSuperadmin()
  const environment = { ...database.environment, DENIZEN_PUBLIC_URL: database.core.settings.publicUrl }
  servers = await Promise.all([startServer(environment), startServer(environment)])
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

interface Suspect extends SignedInUser {
  /** A command that takes moments, or a batch that takes seconds. */
  call(as: Calls): Promise<unknown>
  /** Batches: two are enough. Both have begun, and the second waits for what the first holds. */
  readonly batches?: true
}

const suspects: readonly (readonly [name: string, () => Promise<Suspect>])[] = [
  [
    'somebody without any right, who looks at device logins that are not there',
    async () => ({ ...(await database.people.signUp()), call: (as) => as.auth.viewDeviceLogin({ userCode: 'BCDF-GHJK' }) }),
  ],
  [
    'an owner who registers resources',
    async () => {
      const owner = await database.people.signUp()
      const organizationId = await database.people.newOrganization()
      await database.people.join(organizationId, owner.user, 'owner')
      return { ...owner, call: (as) => as.resources.register({ organizationId, type: 'document' }) }
    },
  ],
  [
    'an admin in the middle of making a thousand users',
    async () => {
      const organizationId = await database.people.newOrganization()
      const member = await database.people.asMember(organizationId, 'admin')
      const users = () => Array.from({ length: 1000 }, (_, index) => ({ username: `m-${crypto.randomUUID().slice(0, 8)}-${index}` }))
      return { ...member, batches: true, call: (as) => as.users.bulkCreate({ organizationId, users: users() }) }
    },
  ],
]

const suspensions: readonly (readonly [action: string, suspend: (as: Calls, userId: SignedInUser['user']['id']) => Promise<unknown>])[] = [
  ['users.setStatus', (as, userId) => as.users.setStatus({ userId, status: 'suspended', reason: 'R1' })],
  ['users.contain', (as, userId) => as.users.contain({ userId, reason: 'R1' })],
]

it.for(suspects.flatMap(([who, make]) => suspensions.map(([action, suspend]) => [action, who, make, suspend] as const)))(
  `64: %s of %s in ${streams} streams is answered within ${bound} ms, and nothing of theirs is committed after it (R1)`,
  async ([action, who, make, suspend], context) => {
    await expectKept(
      context,
      `${action} of ${who}`,
      async (look) => {
        const waits: number[] = []
        for (let trial = 0; trial < trials; trial++) {
          waits.push(await suspended(await make(), suspend))
          await look()
        }
        console.log(`${action} of ${who}: ${waits.map((wait) => wait.toFixed(0)).join(', ')} ms`)
        return waits
      },
      (waits) => waits.filter((wait) => wait > bound).map((wait) => `${wait.toFixed(0)} ms`),
    )
  },
)

/** Suspends somebody who keeps their streams running until they are turned away. Gives how long that took, in milliseconds. */
async function suspended(suspect: Suspect, suspend: (typeof suspensions)[number][1]): Promise<number> {
  let done = 0
  const last: string[] = []
  const running = Promise.all(
    Array.from({ length: suspect.batches === true ? servers.length : streams }, (_, index) =>
      untilRefused(suspect, index, (answer) => {
        done++
        last[index] = answer
      }),
    ),
  )
  await eventually(30_000, 'all streams running', suspect.batches === true ? haveBegun : async () => done > 2 * streams)
  const startedAt = performance.now()
  await suspend(operator(), suspect.user.id)
  const took = performance.now() - startedAt
  const committed = await commandsOf(suspect)
  await within(30_000, 'all streams being turned away', running).catch((error: unknown) => {
    console.log(`What each stream was last answered: ${last.join(', ')}`)
    throw error
  })
  expect(await commandsOf(suspect)).toBe(committed)
  return took
}

/** Whether as many commands as there are servers hold the lock of their actor. */
async function haveBegun(): Promise<boolean> {
  const [row] = await database.rows<{ count: number }>(
    `select count(*)::int as count from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted and objsubid = 1
      and database = (select oid from pg_database where datname = current_database())`,
  )
  return (row?.count ?? 0) >= servers.length
}

async function untilRefused({ token, call }: Suspect, index: number, onAnswer: (answer: string) => void): Promise<void> {
  const as = createClient({ url: urlOf(index), token })
  for (;;) {
    try {
      await call(as)
      onAnswer('done')
    } catch (error) {
      if (!(error instanceof DenizenError)) throw error
      onAnswer(error.code)
      if (error.code === 'request.unauthenticated') return
    }
  }
}

/** How much of what they asked for is written down as done, or as refused in a transaction that stayed. */
async function commandsOf({ user }: SignedInUser): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    `select count(*)::int as count from audit_entries where actor_id = ? and outcome in ('succeeded', 'refused')`,
    [uuidOf(user.id)],
  )
  return row?.count ?? 0
}

const urlOf = (index: number) => servers[index % servers.length]?.url ?? ''
const operator = () => createClient({ url: urlOf(1), token: admin.token })
