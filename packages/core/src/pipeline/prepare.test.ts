import { anonymousActor, systemActor, userActor } from '@denizen/core'
import { runnerOf, useWorld, type Runner } from '@denizen/core/testing'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { anyone, granted } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'

let prepared: string[] = []
const slow = (name: string, allow: typeof anyone) =>
  defineCommand(command(name, { summary: 'Take long', input: z.strictObject({}), output: z.object({}) }), {
    allow,
    prepare: async () => void prepared.push(name),
    handle: async () => ({}),
  })

describe('slow work before the transaction', () => {
  const world = useWorld()
  let runner: Runner

  beforeAll(() => {
    runner = runnerOf(world(), [slow('test.public', anyone), slow('test.private', granted)])
  })
  beforeEach(() => {
    prepared = []
  })

  test('is done for whoever may', async () => {
    await runner.run('test.public', {}, anonymousActor)
    await runner.run('test.private', {}, systemActor('test'))
    await runner.run('test.private', {}, userActor((await world().asSuperadmin()).principal))
    expect(prepared).toEqual(['test.public', 'test.private', 'test.private'])
  })

  test('is not done for whoever may not: nobody makes the server hash for nothing', async () => {
    const { principal } = await world().signUp()
    await expect(runner.run('test.private', {}, anonymousActor)).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await expect(runner.run('test.private', {}, userActor(principal))).rejects.toMatchObject({ code: 'request.denied' })
    await expect(runner.plan('test.private', {}, userActor(principal))).rejects.toMatchObject({ code: 'request.denied' })
    expect(prepared).toEqual([])
    const audited = await world().rows(
      `select outcome, error_code from audit_entries where action = 'test.private' and outcome <> 'succeeded'`,
    )
    expect(audited).toEqual([
      { outcome: 'denied', error_code: 'request.denied' },
      { outcome: 'denied', error_code: 'request.denied' },
    ])
  })

  test('is done for whoever was allowed since the principal was read', async () => {
    const { user, principal } = await world().signUp()
    await world().grant(user, 'superadmin')
    await expect(runner.run('test.private', {}, userActor(principal))).resolves.toEqual({})
    expect(prepared).toEqual(['test.private'])
  })
})
