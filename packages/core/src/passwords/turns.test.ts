import { expect, test } from 'vitest'
import type { Hasher } from '../ports/hasher.ts'
import { inTurn } from './turns.ts'

const hasher = (): Hasher => ({ hash: async () => '', verify: async () => false, isOutdated: () => false })

test('of one name one after another, of others at once, and after a failure the next', async () => {
  const one = hasher()
  const [first, order] = [Promise.withResolvers<void>(), [] as string[]]
  const failing = inTurn(one, 'ada', async () => {
    await first.promise
    throw new Error('damaged')
  })
  const next = inTurn(one, 'ada', async (hasWaited) => order.push(`ada, waited: ${hasWaited}`))
  await inTurn(one, 'grace', async (hasWaited) => order.push(`grace, waited: ${hasWaited}`))
  await inTurn(hasher(), 'ada', async (hasWaited) => order.push(`elsewhere, waited: ${hasWaited}`))
  first.resolve()
  await expect(failing).rejects.toThrow('damaged')
  await next
  expect(order).toEqual(['grace, waited: false', 'elsewhere, waited: false', 'ada, waited: true'])
})

test('64 at one name, the next is told to come again', async () => {
  const one = hasher()
  const all = Array.from({ length: 64 }, () => inTurn(one, 'ada', async () => 'done'))
  await expect(inTurn(one, 'ada', async () => 'too many')).rejects.toMatchObject({ code: 'passwords.busy' })
  expect(await inTurn(one, 'grace', async () => 'done')).toBe('done')
  await Promise.all(all)
  expect(await inTurn(one, 'ada', async (hasWaited) => hasWaited)).toBe(false)
})
