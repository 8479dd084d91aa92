import { expect, test } from 'vitest'
import { stands, type Inviter } from './policy.ts'

const inviter: Inviter = { status: 'active', frozen: false, role: 'admin', holdings: [] }
const holding = (...permissions: string[]) => ({ holdings: [{ organizationId: null, permissions }] })

test.each([
  ['their own role', 'admin', {}, true],
  ['a lower role', 'member', {}, true],
  ['a higher role', 'owner', {}, false],
  ['from somebody who left', 'member', { role: null }, false],
  ['from somebody suspended', 'member', { status: 'suspended' }, false],
  ['from somebody whose grants are frozen', 'member', { frozen: true }, false],
  ['from an operator', 'owner', { role: null, ...holding('*') }, true],
  ['from whoever may do all with organizations', 'owner', { role: null, ...holding('organizations.*') }, true],
  ['from whoever may invite everywhere', 'owner', { role: null, ...holding('organizations.invite') }, true],
  ['from somebody who may read everything', 'member', { role: null, ...holding('queries', 'organizations.list') }, false],
  ['from an operator who is suspended', 'owner', { ...holding('*'), status: 'suspended' }, false],
] as const)('an invitation to %s', (_what, role, change, expected) => {
  expect(stands(role, { ...inviter, ...change })).toBe(expected)
})

test('one from the operator of the machine stands', () => expect(stands('owner', null)).toBe(true))
