import { createClient } from '@denizen/client'
import type { SignedInUser } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { within } from './deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from './processes.ts'
import { send } from './requests.ts'
import { kinds, newHolder, type Holder } from './system/credentials.ts'
import { newGrantee, newPlace, questions, ways } from './system/revocation-access.ts'

// How long it takes until other processes know is measured in tests/system. Within one there is nothing to measure:
// once a revocation is answered, not one request that is sent thereafter is let in, however many are under way.

const trials = 2
/** Requests of one kind at any moment: some of them are always between being let in and being answered. */
const inFlight = 4
/** Requests of one kind that are sent before the revocation, and after its answer. */
const fewestOnEachSide = 12

let database: SystemDatabase
let server: ServerProgram
let admin: SignedInUser

beforeAll(async () => {
  database = await openDatabase()
  admin = await database.people.asSuperadmin()
  server = await startServer({ ...database.environment, DENIZEN_PUBLIC_URL: database.core.settings.publicUrl })
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

const operator = () => createClient({ url: server.url, token: admin.token })

it.each<[what: string, revoke: (holder: Holder) => Promise<unknown>, ended: readonly ('session' | 'token')[]]>([
  ['a user is suspended', ({ user }) => operator().users.setStatus({ userId: user.id, status: 'suspended' }), ['session', 'token']],
  ['a session is ended', ({ sessionId }) => operator().sessions.end({ sessionId }), ['session']],
  ['an API token is revoked', ({ tokenId }) => operator().tokens.revoke({ tokenId }), ['token']],
])('nothing is accepted that is sent after it was answered that %s, by any kind of credential', async (_what, revoke, ended) => {
  for (let trial = 0; trial < trials; trial++) {
    const holder = await newHolder(database)
    const askers = kinds.map(({ name, endsWith, opens }) => ({
      name,
      isEnded: ended.includes(endsWith),
      // A refresh token can be used once: two at once would end the session by themselves.
      atOnce: name === 'refresh' ? 1 : inFlight,
      ask: () => opens(server.url, holder, admin.token),
    }))
    await expectRefusedAfter(() => revoke(holder), askers)
  }
})

it.each(Object.entries(ways))('nothing is accepted that is sent after the answer to %s', async (_name, way) => {
  const place = await newPlace(database)
  for (let trial = 0; trial < trials; trial++) {
    const grantee = await newGrantee(database, place, way)
    const askers = questions.map(({ name, accepts }) => ({
      name,
      isEnded: true,
      atOnce: inFlight,
      ask: () => accepts(server.url, grantee, admin.token),
    }))
    await expectRefusedAfter(() => grantee.take(operator()), askers)
  }
})

it('finds a credential that is accepted too long: it can fail', async () => {
  const holder = await newHolder(database)
  // It asks the server too: one that answers by itself would never let anything else have its turn.
  const ask = async () => (await send(server.url, '/readyz')).status === 200
  const immortal = { name: 'immortal', isEnded: true, atOnce: 1, ask }
  const kept = expectRefusedAfter(() => operator().sessions.end({ sessionId: holder.sessionId }), [immortal])
  await expect(kept).rejects.toThrow('immortal')
})

interface Asker {
  readonly name: string
  /** Whether the revocation ends it; the others are still let in. */
  readonly isEnded: boolean
  readonly atOnce: number
  ask(): Promise<boolean>
}

/** Asks all the time while something is revoked. What counts is the order of sending and answer, not when they were. */
async function expectRefusedAfter(revoke: () => Promise<unknown>, askers: readonly Asker[]): Promise<void> {
  let isAnswered = false
  const runs = askers.map((asker) => {
    const seen = { before: 0, refusedBefore: 0, after: 0, acceptedAfter: 0 }
    let warm = (): void => {}
    const isWarm = new Promise<void>((resolve) => (warm = resolve))
    const one = async (): Promise<void> => {
      while (seen.after < fewestOnEachSide) {
        const sentAfter = isAnswered
        const isAccepted = await asker.ask()
        if (sentAfter) {
          seen.after++
          if (isAccepted) seen.acceptedAfter++
        } else {
          seen.before++
          if (!isAccepted) seen.refusedBefore++
          if (seen.before >= fewestOnEachSide) warm()
        }
      }
    }
    return { asker, seen, isWarm, done: Promise.all(Array.from({ length: asker.atOnce }, one)) }
  })
  const all = Promise.all(runs.map(({ done }) => done))
  await within(30_000, 'all of them asking', Promise.race([Promise.all(runs.map(({ isWarm }) => isWarm)), all]))
  await revoke()
  isAnswered = true
  await within(30_000, 'all of them having asked after the answer', all)
  for (const { asker, seen } of runs) {
    if (asker.isEnded) expect(seen.acceptedAfter, `${asker.name}: accepted of ${seen.after} sent after the answer`).toBe(0)
    else
      expect({ refused: seen.refusedBefore, acceptedAfter: seen.acceptedAfter }, `${asker.name}: neither`).toEqual({
        refused: 0,
        acceptedAfter: seen.after,
      })
  }
}
