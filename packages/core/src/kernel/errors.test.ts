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
