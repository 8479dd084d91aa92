import { expect, test } from 'vitest'
import { patternInWords } from './patterns.ts'

test.each([
  ['application', 'all permissions that applications define (application)'],
  ['*', 'every permission (*)'],
  ['queries', 'all that only read (queries)'],
  ['document.*', 'document.*'],
  ['users.list', 'users.list'],
])('who holds %s has %s', (pattern, words) => {
  expect(patternInWords(pattern)).toBe(words)
})
