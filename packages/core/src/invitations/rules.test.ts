import { newId } from '@denizen/core'
import { catalogue } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { organizationRoles } from '../grants/index.ts'
import { isStillValid, type Inviter } from './rules.ts'

const organization = { id: newId('org', new Date(), new Uint8Array(10)) }
const inviter: Inviter = { status: 'active', name: 'ada', frozen: false, role: 'admin', holdings: [] }
const holding = (...permissions: string[]) => ({ holdings: [{ organizationId: null, permissions }] })
const there = (...permissions: string[]) => ({ holdings: [{ organizationId: organization.id, permissions }] })

test.each([
  ['their own role', 'admin', {}, true],
  ['a lower role', 'member', {}, true],
  ['a higher role', 'owner', {}, false],
  ['from somebody who left', 'member', { role: null }, false],
  ['from somebody suspended', 'member', { status: 'suspended' }, false],
  ['from somebody whose grants are frozen', 'member', { frozen: true }, false],
  ['from an operator', 'owner', { role: null, ...holding('*') }, true],
  ['from whoever may do all that an owner may, there', 'owner', { role: 'member', ...there(...organizationRoles.owner.permissions) }, true],
  ['to be owner from whoever may do all with organizations', 'owner', { role: null, ...holding('organizations.*') }, false],
  ['to be owner from whoever may invite everywhere', 'owner', { role: null, ...holding('organizations.invite') }, false],
  ['to be admin from whoever may invite there', 'admin', { role: 'member', ...there('organizations.invite') }, false],
  ['to be member from whoever may invite everywhere', 'member', { role: null, ...holding('organizations.invite') }, true],
  ['from somebody who may read everything', 'member', { role: null, ...holding('queries', 'organizations.list') }, false],
  ['from an operator who is suspended', 'owner', { ...holding('*'), status: 'suspended' }, false],
] as const)('ABUSE 19: an invitation %s', (_what, role, change, expected) => {
  expect(isStillValid({ role, organization, inviter: { ...inviter, ...change } }, catalogue)).toBe(expected)
})

test('one from the operator of the machine stands', () =>
  expect(isStillValid({ role: 'owner', organization, inviter: null }, catalogue)).toBe(true))
