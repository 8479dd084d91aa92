import {
  systemActor,
  userActor,
  SerializedAnswer,
  type Actor,
  type InputOf,
  type OutputOf,
  type Signatures,
  type User,
} from '@denizen/core'
import { databases, runnerOf, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineQuery } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { query } from '../../kernel/signature.ts'

type UserId = User['id']
type List = Signatures['users']['list']
type Search = Signatures['users']['search']

const system = systemActor('test')

describe.each(databases)('users that are remembered as they were written on %s', (database) => {
  const world = useWorld({ database })
  let reader: SignedInUser
  let userId: UserId
  beforeAll(async () => {
    userId = (await world().newUser({ username: 'ada', fullName: 'Ada', privateMetadata: { secret: 'kept from most' } })).id
    reader = await world().asMonitor()
  })

  /** As a face gets the answer that sends it as it is. */
  async function written(name: string, input: object, actor: Actor): Promise<unknown> {
    const answer = await world().core.run(name, input, {
      actor,
      origin: { requestId: 'r', ip: null, userAgent: null, remote: true },
      serialized: true,
    })
    if (!(answer instanceof SerializedAnswer)) throw new TypeError('The answer is not written.')
    return JSON.parse(answer.json)
  }
  const list = async (actor: Actor = system, input: InputOf<List> = {}) => (await written('users.list', input, actor)) as OutputOf<List>
  const search = async (actor: Actor, text: string) => (await written('users.search', { query: text }, actor)) as OutputOf<Search>
  const ada = <Item extends { readonly id: string }>({ items }: { readonly items: readonly Item[] }) =>
    items.find(({ id }) => id === userId)

  test('are as every other face has them', async () => {
    const usual = await world().asSystem().users.list({ total: true })
    for (let time = 0; time < 2; time++) expect(await list(system, { total: true })).toEqual(JSON.parse(JSON.stringify(usual)))
  })

  test('are read anew after any change, also one that counts as none', async () => {
    await world().asSystem().users.update({ userId, fullName: 'Ada' })
    expect(ada(await list())).toMatchObject({ fullName: 'Ada' })
    await world().asSystem().users.update({ userId, fullName: 'Ada Lovelace' })
    expect(ada(await list())).toMatchObject({ fullName: 'Ada Lovelace' })
    await world().rows(`update users set full_name = 'Countess', folded_full_name = 'countess' where username = 'ada' returning 1`)
    expect(ada(await list())).toMatchObject({ fullName: 'Countess' })
    expect(ada(await search(system, 'countess'))).toMatchObject({ fullName: 'Countess', match: 'prefix' })
  })

  test('show what is private to those only who may change them, whoever asked first', async () => {
    const secret = { secret: 'kept from most' }
    const stranger = userActor(reader.principal)
    await world().asSystem().users.update({ userId, fullName: 'Countess' })
    for (let time = 0; time < 2; time++) {
      expect(ada(await list(system))).toMatchObject({ privateMetadata: secret })
      expect(ada(await list(stranger))).toMatchObject({ privateMetadata: null })
      expect(ada(await search(stranger, 'ada'))).toMatchObject({ privateMetadata: null, match: 'exact' })
      expect(ada(await search(system, 'ada'))).toMatchObject({ privateMetadata: secret, match: 'exact' })
      expect(ada(await search(system, 'counte'))).toMatchObject({ privateMetadata: secret, match: 'prefix' })
    }
  })

  test('are out of reach of those who get values in this process', async () => {
    await list()
    const found = ada(await world().asSystem().users.list({}))
    found?.createdAt.setTime(0)
    Object.assign(found?.preferences ?? {}, { changed: true })
    expect(ada(await list())).toEqual(JSON.parse(JSON.stringify(ada(await world().asSystem().users.list({})))))
    expect(ada(await list())?.preferences).toEqual({})
  })
})

const looking = defineQuery(query('test.look', { summary: 'Look', input: z.strictObject({ sql: z.string() }), output: z.object({}) }), {
  allow: anyone,
  async handle({ select }, { sql }) {
    await select({ sql, parameters: [] })
    return {}
  },
})

describe.each(databases)('a statement without a transaction on %s', (database) => {
  const world = useWorld({ database })

  test.each([
    `insert into roles (id, name, created_at) values (gen_random_uuid(), 'by a look', now())`,
    `with made as (update roles set description = 'by a look' returning 1) select * from made`,
    `select * from (with made as (update roles set description = 'by a look' returning 1) select * from made) one`,
    `select 1; update roles set description = 'by a look'`,
  ])('changes nothing: %s', async (sql) => {
    const runner = runnerOf(world(), [looking])
    await expect(runner.run('test.look', { sql }, system)).rejects.toMatchObject({ code: 'request.internal' })
    expect(await world().rows(`select 1 from roles where name = 'by a look' or description = 'by a look'`)).toEqual([])
    await runner.run('test.look', { sql: 'select 1' }, system)
  })
})
