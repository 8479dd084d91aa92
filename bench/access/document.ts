import type { Sizes } from './layout.ts'

const roleCount = 200
const assignmentCount = 1000

/** Access of the large organization as a document: 200 roles, each but the first including another, and 1 000 assignments of them to its guests. */
export function documentOf({ organizations, guestsOfLarge }: Sizes) {
  const guests = Array.from({ length: guestsOfLarge }, (_, index) => index + 1).filter((number) => number % organizations !== 0)
  const roles = Array.from({ length: roleCount }, (_, number) => [
    `policy-${number}`,
    { permissions: [`invoice.p${number}`], includes: number === 0 ? [] : [`policy-${(number - 1) >> 2}`] },
  ])
  return {
    version: 1 as const,
    organization: 'org-0',
    roles: Object.fromEntries(roles) as Readonly<Record<string, { permissions: string[]; includes: string[] }>>,
    assignments: Array.from({ length: assignmentCount }, (_, number) => ({
      user: `user-${guests[number % guests.length]}`,
      role: `policy-${(number + Math.floor(number / guests.length)) % roleCount}`,
    })),
  }
}
