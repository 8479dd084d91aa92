import { describe, expect, test } from 'vitest'
import { kinds } from '../calls/kinds.ts'
import { catalogueOf } from '../kernel/catalogue.ts'
import type { Grant } from '../kernel/grants.ts'
import { grantsOf, grantsWithin } from './compile.ts'

const catalogue = catalogueOf(Object.entries(kinds).map(([name, kind]) => ({ name, kind })))
const [here, there] = ['org_01h455vb4pex5vsknk084sn02q', 'org_01h455vb4pex5vsknk084sn02r'] as const
const [resource, team] = ['res_01h455vb4pex5vsknk084sn02q', 'team_01h455vb4pex5vsknk084sn02q']
const get = 'organizations.get'

describe('grants of a credential for one organization', () => {
  const only = (...grants: readonly Grant[]) => grantsOf(catalogue, grants, { organizationId: here, patterns: null })

  test('are those in this organization; what is held in another one, or on what is inside of that, does not count', () => {
    const grants = only(
      { organizationId: here, permissions: [get] },
      { organizationId: there, permissions: ['*'] },
      { organizationId: there, scopeId: team, permissions: ['*'] },
    )
    expect([grants.allows(get, here), grants.allows(get, there), grants.allows('teams.listMembers', there, [team])]).toEqual([
      true,
      false,
      false,
    ])
    expect(
      grants.withSameLimits([{ organizationId: there, scopeId: resource, permissions: ['*'] }]).allows('resources.get', there, [resource]),
    ).toBe(false)
    expect([grants.list(there), grants.list(there, [team])]).toEqual([[], []])
  })

  test('what is held everywhere counts in this organization only, and nothing on things outside of organizations', () => {
    const grants = only({ organizationId: null, permissions: ['*'] }, { organizationId: null, scopeId: resource, permissions: ['*'] })
    expect([grants.allows(get, here), grants.allows(get, there), grants.allowsEverywhere(get)]).toEqual([true, false, false])
    expect(grants.allows('resources.get', null, [resource])).toBe(false)
  })
})

describe('grants within scopes', () => {
  test('cover what they hold and the scopes name: neither is enough', () => {
    const held = grantsOf(catalogue, [{ organizationId: null, permissions: ['users.*', 'document.read'] }])
    const within = grantsWithin(catalogue, held, ['users.get', 'teams.listMembers', 'document.*'])
    const covered = ['users.get', 'document.read', 'users.*', 'users.archive', 'teams.listMembers', 'document.*', '*', 'queries']
    expect(covered.filter((pattern) => within.covers(pattern, null))).toEqual(['users.get', 'document.read'])
  })
})
