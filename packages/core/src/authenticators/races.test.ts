import { systemActor, type Id } from '@denizen/core'
import { runnerOf, useWorld, type SignedInUser, type World } from '@denizen/core/testing'
import { Secret, TOTP } from 'otpauth'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from '../../../../tests/deadlines.ts'
import { defineCommand, type Action } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'
import { userId } from '../kernel/ids.ts'
import { verifyTotp, consumeRecoveryCode } from './index.ts'
import { hashOfCode } from './recovery-codes.ts'

const callers = 50
const atOnce = 20
/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const world = useWorld({ connections: 26 })

const proof = z.strictObject({ userId, code: z.string() })
type Accept = (context: CommandContext, user: Id<'usr'>, code: string) => Promise<boolean>

function trying(accept: Accept): Action {
  return defineCommand(command('test.try', { summary: 'Try a code', input: proof, output: z.boolean() }), {
    allow: anyone,
    handle: (context, input) => accept(context, input.userId, input.code),
  })
}

/** Looks, and writes afterwards: what must not be done. Everybody has looked before anybody writes. */
function careless(
  table: string,
  look: (context: CommandContext, user: Id<'usr'>, code: string) => Promise<boolean>,
  write: string,
): Accept {
  let looked = 0
  return async (context, user, code) => {
    const open = await look(context, user, code)
    looked++
    await eventually(20_000, `${atOnce} who have looked`, async () => looked >= atOnce, 5)
    if (open) await context.em.execute(`update ${table} ${write}`, [context.now, uuidOf(user)], 'run')
    return open
  }
}

async function enrolled(inWorld: World): Promise<{ ada: SignedInUser; code: string; recoveryCodes: string[] }> {
  const ada = await inWorld.signUp()
  const { key } = await ada.as.factors.beginTotp({})
  const codeAt = (timestamp: number) => TOTP.generate({ secret: Secret.fromBase32(key), timestamp })
  const now = inWorld.clock.now().getTime()
  const { recoveryCodes } = await ada.as.factors.activateTotp({ code: codeAt(now) })
  return { ada, code: codeAt(now + 30_000), recoveryCodes }
}

async function winners(accept: Accept, user: Id<'usr'>, codes: readonly string[]): Promise<number> {
  const runner = runnerOf(world(), [trying(accept)])
  const answers = await Promise.all(codes.map((code) => runner.run('test.try', { userId: user, code }, systemActor('race'))))
  return answers.filter((answer) => answer === true).length
}

const same = (code: string) => Array.from({ length: callers }, () => code)

describe('1, 2: of 50 who bring the same code at once', () => {
  test('one is let in with a code of the app', async () => {
    for (let round = 0; round < 3; round++) {
      const { ada, code } = await enrolled(world())
      expect(await winners(verifyTotp, ada.user.id, same(code))).toBe(1)
    }
  })

  test('one is let in with a recovery code, and ten with ten', async () => {
    const { ada, recoveryCodes } = await enrolled(world())
    expect(await winners(consumeRecoveryCode, ada.user.id, same(recoveryCodes[0] ?? ''))).toBe(1)
    expect(
      await winners(
        consumeRecoveryCode,
        ada.user.id,
        recoveryCodes.flatMap((code) => [code, code, code, code, code]),
      ),
    ).toBe(9)
  })

  test('more would be, were it looked at first and written afterwards', async () => {
    const { ada, recoveryCodes } = await enrolled(world())
    const unused: Accept = async ({ em, ports }, user, code) => {
      const hash = await hashOfCode(ports, user, code)
      const rows = await em.execute<unknown[]>('select 1 from recovery_codes where hash = ? and used_at is null', [hash])
      return rows.length === 1
    }
    const write = 'set used_at = ? where user_id = ?'
    expect(await winners(careless('recovery_codes', unused, write), ada.user.id, same(recoveryCodes[0] ?? ''))).toBeGreaterThan(1)
    const fresh: Accept = async ({ em, now }, user) => {
      const rows = await em.execute<unknown[]>(
        'select 1 from totp_factors where user_id = ? and last_step <= floor(extract(epoch from ?::timestamptz) / 30)',
        [uuidOf(user), now],
      )
      return rows.length === 1
    }
    const use = `set last_step = floor(extract(epoch from ?::timestamptz) / 30) + 1 where user_id = ?`
    expect(await winners(careless('totp_factors', fresh, use), ada.user.id, same('any'))).toBeGreaterThan(1)
  })

  test('one app is activated, with one set of recovery codes', async () => {
    const ada = await world().signUp()
    const { key } = await ada.as.factors.beginTotp({})
    const code = TOTP.generate({ secret: Secret.fromBase32(key), timestamp: world().clock.now().getTime() })
    const answers = await Promise.allSettled(Array.from({ length: callers }, () => ada.as.factors.activateTotp({ code })))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await ada.as.factors.list({})).recoveryCodes).toBe(10)
  })
})
