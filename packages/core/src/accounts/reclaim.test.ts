import { expect, test } from 'vitest'
import { isPrivileged } from './reclaim.ts'

test('an account is privileged that may do what not all may', () => {
  const usual = ['organizations.create']
  expect(isPrivileged([], usual)).toBe(false)
  expect(
    isPrivileged(
      [
        { organizationId: null, permissions: usual },
        { organizationId: null, permissions: [] },
      ],
      usual,
    ),
  ).toBe(false)
  expect(isPrivileged([{ organizationId: null, permissions: ['queries'] }], usual)).toBe(true)
})
