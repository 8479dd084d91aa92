import { expect, test } from 'vitest'
import { distance, mostSimilar } from './similar.ts'

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['', 'abc', 3],
  ['list', 'lst', 1],
  ['users', 'usres', 1],
  ['email', 'emial', 1],
  ['kitten', 'sitting', 3],
  ['PORT', 'PROT', 1],
])('from %j to %j it is %d letters', (one, other, letters) => {
  expect([distance(one, other), distance(other, one)]).toEqual([letters, letters])
})

test.each([
  ['emial', ['username', 'email', 'role'], 'email'],
  ['maxSesions', ['maxSessions', 'maxApiTokens'], 'maxSessions'],
  ['E-Mail', ['username', 'email'], 'email'],
  ['nope', ['role', 'or', 'not'], null],
  ['x', ['id', 'or'], null],
  ['x'.repeat(10_000), ['email'], null],
])('%j was probably meant to be %j: %s', (typed, candidates, meant) => {
  expect(mostSimilar(typed, candidates)).toBe(meant)
})
