import { TestFeed } from '@denizen/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actions } from '../../packages/core/src/actions.ts'
import { takesKey, type Command } from '../../packages/core/src/kernel/action.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'
import type { FaceWorld } from '../examples/index.ts'
import { inProcess } from './callers.ts'
import { exampleOf, names } from './cases.ts'
import { Newcomers } from './newcomers.ts'
import { makeRoom } from './place.ts'

/** Why a command that takes something away waits for long ones like any other. */
const ownSession = 'takes something only from the session that calls it'
const limits = 'says how much is used, not what may be done: whoever has to be stopped at once is suspended'
const separation = 'says what may not be held together: planned, and refused where it would be violated already'
const unproved = 'locks a user before anything is proved: a stranger who names somebody could stop everything that they do'
const reasons: Readonly<Record<string, string>> = {
  'access.activateRole': ownSession,
  'access.deactivateRole': ownSession,
  'auth.reauthenticate': ownSession,
  'organizations.switch': ownSession,
  'policies.assign': limits,
  'policies.delete': limits,
  'policies.update': limits,
  'users.bulkUpdate': limits,
  'users.update': limits,
  'users.updateCurrent': limits,
  'access.createExclusion': separation,
  'access.updateExclusion': separation,
  'access.apply': 'takes long itself: what it revokes at once is revoked by access.unassignRole',
  'roles.setParents': 'changes how roles are made up: what has to go at once goes by roles.revokePermission',
  'auth.refresh': unproved,
  'auth.revokeToken': unproved,
  'auth.signIn': unproved,
}

const commands = names.flatMap((name) => {
  const action = actions.get(name)
  return action?.kind === 'command' ? [[name, action] as const] : []
})

/** Which keys other processes are woken for: only what is taken away wakes them. */
class Overheard {
  readonly #database: SystemDatabase
  readonly #listener: Awaited<ReturnType<SystemDatabase['connect']>>
  #heard: string[] = []
  #marks = 0

  private constructor(database: SystemDatabase, listener: Awaited<ReturnType<SystemDatabase['connect']>>) {
    this.#database = database
    this.#listener = listener
    listener.on('notification', ({ payload }) => void this.#heard.push(payload ?? ''))
  }

  static async of(database: SystemDatabase): Promise<Overheard> {
    const listener = await database.connect()
    await listener.query('listen denizen_invalidation')
    return new Overheard(database, listener)
  }

  /** What came since it was asked last. Notifications come in the order of their commits. */
  async sinceLast(): Promise<readonly string[]> {
    const mark = `mark ${++this.#marks}`
    await this.#database.rows(`select pg_notify('denizen_invalidation', ?)`, [mark])
    while (!this.#heard.includes(mark)) await this.#listener.query('select 1')
    const heard = this.#heard.filter((key) => key !== mark)
    this.#heard = []
    return heard
  }
}

describe('every command', () => {
  let database: SystemDatabase
  let overheard: Overheard
  let newWorld: () => Promise<FaceWorld>
  beforeAll(async () => {
    database = await openDatabase({ invalidation: new TestFeed() })
    overheard = await Overheard.of(database)
    const { people } = database
    const { user } = await people.asSuperadmin()
    await database.rows(`update users set username = 'the-admin', email = 'the-admin@example.com' where username = ?`, [user.username])
    newWorld = async () => {
      const admin = await people.signIn({ ...user, username: 'the-admin' })
      const newcomers = new Newcomers(database, admin)
      return { database, admin, signUp: (named) => newcomers.next(named) }
    }
  })
  afterAll(() => database.close())

  test.each(commands)(
    '64: %s takes precedence if it takes something away, or there is a reason; with a key it answers twice',
    async (name, action: Command) => {
      await makeRoom(database)
      const prepared = await exampleOf(name).succeeds(await newWorld())
      await overheard.sinceLast()
      const request = { ...prepared, name, ...(takesKey(action) && { idempotencyKey: crypto.randomUUID() }) }
      const place = { database, url: '', world: newWorld }
      const first = await inProcess.call(request, place)
      expect(first).toHaveProperty('answer')
      const taken = await overheard.sinceLast()
      if (taken.length > 0) expect([name, action.takesPrecedence !== undefined || name in reasons]).toEqual([name, true])
      if (!takesKey(action)) return
      const again = await inProcess.call(request, place)
      if ('answer' in again) expect(again).toEqual(first)
      // It holds a secret, or ended the session that called it.
      else expect(again.error.code).toMatch(/^request\.(alreadyAnswered|unauthenticated)$/)
    },
  )

  test('64: a reason is given for commands that there are, and take no precedence', () => {
    const waiting = new Map<string, Command>(commands.map(([name, action]) => [name, action]))
    for (const name of Object.keys(reasons)) expect([name, waiting.get(name)?.takesPrecedence]).toEqual([name, undefined])
    expect(Object.keys(reasons).filter((name) => !waiting.has(name))).toEqual([])
  })
})
