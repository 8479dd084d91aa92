import { describe, expect, test } from 'vitest'
import { BoundedCache, Caches } from './caches.ts'

class Words extends BoundedCache<string> {
  constructor() {
    super('words', 10)
  }
}

describe('a bounded cache', () => {
  test('never holds more than it may, and keeps what is used', () => {
    const cache = new Words()
    cache.set('used', 'often')
    for (let index = 0; index < 1000; index++) {
      cache.set(`other ${index}`, 'once')
      expect(cache.get('used')).toBe('often')
      expect(cache.state.entries).toBeLessThanOrEqual(10)
    }
    expect(cache.get('other 1')).toBeUndefined()
    expect(cache.get('other 999')).toBe('once')
  })

  test('counts hits and misses; what is out of date is a miss', () => {
    const cache = new Words()
    expect(cache.getOrCreate('a', () => 'one')).toBe('one')
    expect(cache.getOrCreate('a', () => 'another')).toBe('one')
    expect(cache.get('a', (word) => word !== 'one')).toBeUndefined()
    cache.delete('a')
    expect(cache.get('a')).toBeUndefined()
    expect(cache.state).toEqual({ name: 'words', entries: 0, most: 10, hits: 1, misses: 3 })
  })
})

test('an assembly has each kind of cache once, and tells of all', () => {
  const [caches, others] = [new Caches(), new Caches()]
  caches.of(Words).set('a', 'one')
  expect(caches.of(Words).get('a')).toBe('one')
  expect(others.of(Words).get('a')).toBeUndefined()
  const own = { state: { name: 'own', entries: 0, most: 1 } }
  caches.add(own)
  expect(caches.states.map(({ name, entries }) => [name, entries])).toEqual([
    ['words', 1],
    ['own', 0],
  ])
})
