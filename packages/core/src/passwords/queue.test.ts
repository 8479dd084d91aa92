import { describe, expect, test } from 'vitest'
import { passwordQueue } from './queue.ts'

describe('the queue for work on passwords', () => {
  test('runs one after another, and lets everything else have its turn in between', async () => {
    const queued = passwordQueue()
    const order: string[] = []
    let running = 0
    const work = async () => {
      order.push(`work ${++running}`)
      await Promise.resolve()
      running--
    }
    setTimeout(() => order.push('something else'))
    await Promise.all(Array.from({ length: 5 }, () => queued(work)))
    expect(order.filter((entry) => entry !== 'something else')).toEqual(Array.from({ length: 5 }, () => 'work 1'))
    expect(order.indexOf('something else')).toBeGreaterThan(-1)
    expect(order.indexOf('something else')).toBeLessThan(5)
  })

  test('takes 32, tells the next to come again, and goes on after a failure', async () => {
    const queued = passwordQueue()
    const failing = queued(() => Promise.reject(new Error('damaged')))
    const others = Array.from({ length: 31 }, () => queued(async () => 'done'))
    await expect(queued(async () => 'too many')).rejects.toMatchObject({ code: 'passwords.busy', details: { retryAfter: 2 } })
    await expect(failing).rejects.toThrow('damaged')
    expect(new Set(await Promise.all(others))).toEqual(new Set(['done']))
    expect(await queued(async () => 'again')).toBe('again')
  })
})
