import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type * as errors from './errors.ts'
import { DenizenError, denied } from './errors.ts'

test('an error of another copy of this module is a DenizenError too, and nothing else is', async () => {
  const other = './errors.ts?copy'
  const copy = (await import(other)) as typeof errors
  expect(copy.DenizenError).not.toBe(DenizenError)
  expect(copy.denied({ permission: 'users.list' })).toBeInstanceOf(DenizenError)
  expect(denied({ permission: 'users.list' })).toBeInstanceOf(copy.DenizenError)
  for (const stranger of [new Error('no'), Object.assign(new Error('no'), { name: 'DenizenError', code: 'a.b', kind: 'denied' }), {}, null])
    expect(stranger).not.toBeInstanceOf(DenizenError)
})

test('printed, a refusal is a line with code, message and details; what nobody expected has its stack and cause', () => {
  const cause = new Error('the root')
  const refusal = new DenizenError('users.emailTaken', 'conflict', 'Somebody has this address.', { field: 'email' }, cause)
  expect(inspect(refusal)).toBe(`DenizenError [users.emailTaken]: Somebody has this address. { field: 'email' }`)
  expect(inspect({ error: denied({ permission: 'users.list' }) })).not.toContain('errors.ts')
  const broken = inspect(new DenizenError('request.internal', 'internal', 'Internal error.', {}, cause))
  expect(broken).toMatch(/^\[request\.internal\] DenizenError: Internal error\.\n +at [^]*cause: Error: the root\n +at /)
})
