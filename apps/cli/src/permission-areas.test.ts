import { signatures } from '@denizen/core/contract'
import { expect, it } from 'vitest'
import { briefly, shortened } from './permission-areas.ts'

const namesIn = (area: keyof typeof signatures) => Object.values(signatures[area]).map(({ name }) => name)
const every = (Object.keys(signatures) as (keyof typeof signatures)[]).flatMap(namesIn)

it.each<[what: string, permissions: readonly string[], lines: readonly string[]]>([
  ['nothing', [], []],
  ['single ones as they are called', ['document.read', 'users.get'], ['document.read', 'users.get']],
  ['several of an area together', ['document.read', 'document.write', 'users.get'], ['document: read, write', 'users.get']],
  ['an area that is whole', [...namesIn('roles'), 'users.get'], ['all of roles', 'users.get']],
  ['areas that are', ['application', ...namesIn('teams'), ...namesIn('roles')], ['all of roles, teams', 'application']],
  [
    'an area with one missing',
    namesIn('roles').slice(1),
    [
      `roles: ${namesIn('roles')
        .slice(1)
        .map((name) => name.slice(6))
        .join(', ')}`,
    ],
  ],
  ["an application's own, which has no end", ['document.*', 'document.read'], ['document: *, read']],
  ['all of Denizen, and nothing of applications', every, [`all of ${Object.keys(signatures).sort().join(', ')}`]],
  ['everything there is', [...every, 'application'], ['everything']],
])('shortens %s', (_what, permissions, lines) => {
  expect(shortened(permissions)).toEqual(lines)
})

it('O12: says of many in a table how many they are, and the first', () => {
  expect(briefly(['a.b', 'c.d'])).toBe('a.b, c.d')
  expect(briefly(every)).toBe(`${every.length}: ${every.slice(0, 3).join(', ')}, …`)
})
