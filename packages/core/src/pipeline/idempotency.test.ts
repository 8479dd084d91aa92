import { anonymousActor, DenizenError, systemActor, userActor } from '@denizen/core'
import { newEmail, password, runnerOf, useWorld } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { actions } from '../actions.ts'
import { defineCommand, takesKey } from '../kernel/action.ts'
import { defineError } from '../kernel/errors.ts'
import { anyone, granted, signedIn, type Rule } from '../kernel/rule.ts'
import { holdsSecret } from '../kernel/secret.ts'
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

  test('keeps no secret: the answer to a token that is made again says what was made, without the secret', async () => {
    const [{ as }, idempotencyKey] = [await world().signUp(), newKey()]
    const { token: made, secret } = await as.tokens.create({ name: 'once' }, { idempotencyKey })
    const again: unknown = await as.tokens.create({ name: 'once' }, { idempotencyKey }).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(DenizenError)
    expect(again).toMatchObject({ code: 'request.alreadyAnswered', kind: 'conflict', details: { answer: { token: { id: made.id } } } })
    expect(JSON.stringify(again)).not.toContain(secret)
    expect(await everythingStored()).toContain(made.id)
    expect(await everythingStored()).not.toContain(secret)
    expect(await everythingStored()).not.toContain(secret.slice(-49))
    expect(await everythingStored()).not.toContain(password)
  })

  test('S17: is not taken for what strangers call with a secret: their guesses would be one row of history', async () => {
    const user = await world().newUser()
    const input = { identifier: user.username, password: 'a guess' }
    await expect(world().asAnonymous().auth.signIn(input, { idempotencyKey: newKey() })).rejects.toMatchObject({
      code: 'request.notRepeatable',
    })
    for (const action of actions.values())
      if (action.kind === 'command' && action.allow === anyone && holdsSecret(action.signature.output)) expect(takesKey(action)).toBe(false)
  })

  test('S17: is not taken for what compares a typed secret, of whoever is signed in: guesses at once would share one failure', async () => {
    const { as } = await world().signUp()
    const idempotencyKey = newKey()
    const guesses = Array.from({ length: 4 }, (_, number) => as.auth.reauthenticate({ password: `guess ${number}` }, { idempotencyKey }))
    const codes = await Promise.all(guesses.map((guess) => guess.catch(({ code }: DenizenError) => code)))
    expect(new Set(codes)).toEqual(new Set(['request.notRepeatable']))
    await expect(
      as.auth.changePassword({ oldPassword: 'a guess', newPassword: `new ${password}` }, { idempotencyKey }),
    ).rejects.toMatchObject({ code: 'request.notRepeatable' })
    for (const action of actions.values())
      if (action.kind === 'command' && action.handlesSecret === true && holdsSecret(action.signature.input))
        expect(takesKey(action)).toBe(false)
  })

  test('S1: case 60: without a credential only what anybody may do, and answering an invitation, is parsed', () => {
    const open = [...actions].filter(([, { allow }]) => allow !== anyone && allow.needsCredential !== true).map(([name]) => name)
    expect(open.toSorted()).toEqual(['organizations.acceptInvitation', 'organizations.declineInvitation'])
  })

  describe('S1: case 60: and work before trust', () => {
    const marked = new Map<string, number>()
    let prepared = 0
    const ours = (allow: Rule) =>
      defineCommand(command('test.keyed', { summary: 'Keep', input: z.strictObject({ text: z.string().max(9) }), output: z.object({}) }), {
        allow,
        prepare: async () => void prepared++,
        handle: async () => ({}),
      })
    const watched = (allow: Rule) => {
      const { cipher } = world().ports
      const fingerprint = (context: string, text: string) => {
        marked.set(context, (marked.get(context) ?? 0) + 1)
        return cipher.fingerprint(context, text)
      }
      return runnerOf({ orm: world().orm, ports: { ...world().ports, cipher: { ...cipher, fingerprint } } }, [ours(allow)])
    }
    beforeEach(() => {
      marked.clear()
      prepared = 0
    })

    test('no fingerprint is made of an input before its caller is known to be allowed', async () => {
      const { principal } = await world().signUp()
      for (const actor of [anonymousActor, userActor(principal)])
        await expect(watched(granted).run('test.keyed', { text: 'a' }, actor, { idempotencyKey: newKey() })).rejects.toMatchObject({
          code: expect.stringMatching(/^request\.(denied|unauthenticated)$/) as string,
        })
      expect([marked.size, prepared]).toEqual([0, 0])
      await watched(granted).run('test.keyed', { text: 'a' }, systemActor('test'), { idempotencyKey: newKey() })
      expect([...marked, prepared]).toEqual([['idempotency', 1], 1])
    })

    test('S17: a key that was used before is looked up before anything slow is prepared', async () => {
      const [runner, options] = [watched(signedIn), { idempotencyKey: newKey() }]
      const actor = userActor((await world().signUp()).principal)
      await runner.run('test.keyed', { text: 'a' }, actor, options)
      expect(await runner.run('test.keyed', { text: 'a' }, actor, options)).toEqual({})
      for (const text of ['b', 'c', 'd'])
        await expect(runner.run('test.keyed', { text }, actor, options)).rejects.toMatchObject({ code: 'request.idempotencyConflict' })
      expect(prepared).toBe(1)
    })

    test('an input that is written in another way is the same input', async () => {
      const [email, idempotencyKey] = [newEmail(), newKey()]
      const first = await world().asSystem().users.create({ email }, { idempotencyKey })
      const again = { ifAbsent: false, email: ` ${email} ` }
      expect(await world().asSystem().users.create(again, { idempotencyKey })).toEqual(first)
    })
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
