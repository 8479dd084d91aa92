import { completed, DenizenError, systemActor } from '@denizen/core'
import { newEmail, password, runnerOf, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { defineError } from '../kernel/errors.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'

const world = useWorld({ connections: 24 })

let count = 0
const newKey = () => `key-${++count}`

async function emailCount(email: string): Promise<number> {
  return (await world().rows('select 1 from users where email = ?', [email])).length
}

describe('an idempotency key', () => {
  test('gives the stored answer again, and nothing is done twice', async () => {
    const [email, idempotencyKey] = [newEmail(), newKey()]
    const first = await world()
      .asSystem()
      .users.create({ email, preferences: { a: [1] } }, { idempotencyKey })
    const before = await world().counts()
    const second = await world()
      .asSystem()
      .users.create({ email, preferences: { a: [1] } }, { idempotencyKey })
    expect(second).toEqual(first)
    expect(second?.createdAt).toBeInstanceOf(Date)
    expect(await world().counts()).toEqual(before)
  })

  test('with another input is a conflict, and nothing is done', async () => {
    const [email, idempotencyKey] = [newEmail(), newKey()]
    await world().asSystem().users.create({ email }, { idempotencyKey })
    const other = newEmail()
    await expect(world().asSystem().users.create({ email: other }, { idempotencyKey })).rejects.toMatchObject({
      code: 'request.idempotencyConflict',
      kind: 'conflict',
    })
    expect(await emailCount(other)).toBe(0)
  })

  test('with another action is a conflict', async () => {
    const idempotencyKey = newKey()
    const user = await world().asSystem().users.create({ email: newEmail() }, { idempotencyKey })
    const call = world()
      .asSystem()
      .users.setStatus({ userId: user?.id ?? 'usr_', status: 'inactive' }, { idempotencyKey })
    await expect(call).rejects.toMatchObject({ code: 'request.idempotencyConflict' })
  })

  test('of one caller is not that of another', async () => {
    const idempotencyKey = newKey()
    const [ada, bob] = [await world().asSuperadmin(), await world().asSuperadmin()]
    const [one, other] = [newEmail(), newEmail()]
    await ada.as.users.create({ email: one }, { idempotencyKey })
    expect(await bob.as.users.create({ email: other }, { idempotencyKey })).toMatchObject({ email: other })
  })

  test('used by 50 at once has one effect, and all get the same answer', async () => {
    const [email, idempotencyKey] = [newEmail(), newKey()]
    const calls = Array.from({ length: 50 }, () => world().asSystem().users.create({ email }, { idempotencyKey }))
    const answers = await Promise.all(calls)
    expect(new Set(answers.map((user) => user?.id)).size).toBe(1)
    expect(await emailCount(email)).toBe(1)
    expect(await world().rows(`select 1 from events where type = 'users.created' and subject = ?`, [answers[0]?.id])).toHaveLength(1)
  })

  test('of a call that failed is free again', async () => {
    const [email, idempotencyKey] = [newEmail(), newKey()]
    const user = await world().asSystem().users.create({ email })
    await expect(world().asSystem().users.create({ email }, { idempotencyKey })).rejects.toMatchObject({ code: 'users.emailTaken' })
    await world().rows('delete from users where email = ? returning 1', [email])
    const again = await world().asSystem().users.create({ email }, { idempotencyKey })
    expect(again?.id).not.toBe(user?.id)
  })

  test('replays a refusal, which counted once', async () => {
    const refusedError = defineError<{ left: number }>('test.refused', 'limited', 'Refused.')
    const refusing = defineCommand(command('test.refuse', { summary: 'Refuse', input: z.strictObject({}), output: z.object({}) }), {
      allow: anyone,
      async handle(context) {
        await context.em.execute(
          `insert into roles (id, name, created_at) values (gen_random_uuid(), 'refusal ' || gen_random_uuid(), now())`,
        )
        return context.refuse(refusedError({ left: 2 }))
      },
    })
    const runner = runnerOf(world(), [refusing])
    const idempotencyKey = newKey()
    for (let round = 0; round < 3; round++) {
      await expect(runner.run('test.refuse', {}, systemActor('test'), { idempotencyKey })).rejects.toMatchObject({
        code: 'test.refused',
        kind: 'limited',
        details: { left: 2 },
      })
    }
    expect(await world().rows(`select 1 from roles where name like 'refusal %'`)).toHaveLength(1)
  })

  test('keeps no secret: the answer to a second sign-in says what was made, without the token', async () => {
    const [user, idempotencyKey] = [await world().newUser(), newKey()]
    const { accessToken, session } = completed(
      await world().asAnonymous().auth.signIn({ identifier: user.id, password }, { idempotencyKey }),
    )
    const again: unknown = await world()
      .asAnonymous()
      .auth.signIn({ identifier: user.id, password }, { idempotencyKey })
      .catch((error: unknown) => error)
    expect(again).toBeInstanceOf(DenizenError)
    expect(again).toMatchObject({ code: 'request.alreadyAnswered', kind: 'conflict', details: { answer: { session: { id: session.id } } } })
    expect(JSON.stringify(again)).not.toContain(accessToken)
    expect(await everythingStored()).toContain(session.id)
    expect(await everythingStored()).not.toContain(accessToken)
    expect(await everythingStored()).not.toContain(accessToken.slice(-49))
    expect(await everythingStored()).not.toContain(password)
  })

  test.each(['', 'with space', 'x'.repeat(201), 'ä', 'a\u0000b'])('of the wrong form is refused: %j', async (idempotencyKey) => {
    await expect(world().asSystem().users.create({ email: newEmail() }, { idempotencyKey })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'idempotencyKey' }] },
    })
  })
})

/** Every row of every table, as text. */
async function everythingStored(): Promise<string> {
  const texts: string[] = []
  for (const table of Object.keys(await world().counts())) {
    const rows = await world().rows<{ text: string }>(`select to_jsonb(t)::text as text from "${table}" t`)
    texts.push(...rows.map(({ text }) => text))
  }
  return texts.join('\n')
}
