import type { Plan } from '@denizen/core/contract'
import { expect, it, vi } from 'vitest'
import { printPlan } from './plan.ts'

const nothing: Plan = { rows: {}, sessionsEnded: 0, tokensEnded: 0, events: {}, jobs: {}, failed: [] }

function printed(plan: Plan): string {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    printPlan('text', plan)
    return write.mock.calls.map(([text]) => String(text)).join('')
  } finally {
    write.mockRestore()
  }
}

it('O16: a plan says what a person would say, and no table', () => {
  const rows = {
    users: { inserted: 0, updated: 1, deleted: 0 },
    memberships: { inserted: 0, updated: 0, deleted: 5 },
    invitations: { inserted: 0, updated: 3, deleted: 0 },
    identities: { inserted: 2, updated: 0, deleted: 0 },
    former_states: { inserted: 6, updated: 0, deleted: 0 },
    sessions: { inserted: 0, updated: 2, deleted: 0 },
    tokens: { inserted: 0, updated: 4, deleted: 0 },
  }
  expect(
    printed({ ...nothing, rows, sessionsEnded: 2, tokensEnded: 1, events: { 'users.archived': 1 }, jobs: { 'invitations.mail': 1 } }),
  ).toBe(
    `Dry run: this would change:

  1 user is archived
  5 memberships are ended
  3 invitations are revoked
  2 identities are added
  2 sessions end
  1 token stops working
  1 email is sent
`,
  )
  expect(printed(nothing)).toBe('Dry run: nothing would change.\n')
})

it.each([
  ['users', 'users.updated', '1 user is changed'],
  ['users', 'users.contained', '1 user is contained'],
  ['organizations', 'organizations.archived', '1 organization is archived'],
  ['teams', 'teams.deleted', '1 team is deleted'],
  ['roles', 'roles.deleted', '1 role is deleted'],
  ['resources', 'resources.deleted', '1 resource is deleted'],
  ['invitations', 'invitations.accepted', '1 invitation is accepted'],
  ['role_assignments', 'access.unassigned', '1 assignment is revoked'],
])('a plan says what becomes of a row: %s with %s', (table, event, sentence) => {
  const rows = { [table]: { inserted: 0, updated: 1, deleted: 0 } }
  expect(printed({ ...nothing, rows, events: { [event]: 1 } })).toBe(`Dry run: this would change:\n\n  ${sentence}\n`)
})
