import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../testing/runs.ts'
import { activeAssignments, defaultActiveRoles, overfullSets, type ActiveRoles, type ResolvedAssignment } from '../../grants/index.ts'
import { activate, deactivate, statesOf } from './activation.ts'

const cardinality = 2

/** An assignment of a role with what it brings to each set. */
function held(id: string, role: string, sets: Readonly<Record<string, readonly string[]>> = {}): ResolvedAssignment {
  const exclusions = Object.entries(sets).map(([set, members]) => ({ id: set, cardinality, members }))
  return {
    id,
    role,
    name: role,
    builtIn: false,
    permission: null,
    team: null,
    scope: 'system',
    organization: null,
    object: null,
    from: 0,
    until: null,
    condition: null,
    permissions: [],
    included: [],
    exclusions: exclusions.length === 0 ? null : exclusions,
  }
}

const rolesOf = (assignments: readonly ResolvedAssignment[]) => [...new Set(assignments.map(({ role }) => role ?? ''))].sort()
const chosenBy = (answer: ReturnType<typeof activate>): ActiveRoles => {
  if ('exclusion' in answer) throw new Error('it was too much')
  return answer
}

const pays = held('1', 'pays', { money: ['pays'] })
const approves = held('2', 'approves', { money: ['approves'] })
const reads = held('3', 'reads')

test('of roles that exclude each other none is in use, until one is chosen; the other is refused then', () => {
  const all = [pays, approves, reads]
  expect(Object.fromEntries([...statesOf(all, defaultActiveRoles)].map(([{ role }, state]) => [role, state]))).toEqual({
    pays: 'contested',
    approves: 'contested',
    reads: 'active',
  })
  const paying = chosenBy(activate(all, defaultActiveRoles, 'pays'))
  expect(rolesOf(activeAssignments(all, paying))).toEqual(['pays', 'reads'])
  expect(activate(all, paying, 'approves')).toEqual({ exclusion: 'money', active: ['pays'] })
  const neither = deactivate(all, paying, 'pays')
  expect(rolesOf(activeAssignments(all, neither))).toEqual(['reads'])
  expect(rolesOf(activeAssignments(all, chosenBy(activate(all, neither, 'approves'))))).toEqual(['approves', 'reads'])
})

test('what was laid down comes back only if nothing in use has to go for it', () => {
  const all = [pays, approves]
  const onlyPays: ActiveRoles = { activated: [], deactivated: ['approves'] }
  expect(rolesOf(activeAssignments(all, onlyPays))).toEqual(['pays'])
  expect(activate(all, onlyPays, 'approves')).toEqual({ exclusion: 'money', active: ['pays'] })
})

test('a role that alone brings too many is never in use', () => {
  const both = held('4', 'both', { money: ['pays', 'approves'] })
  expect(activeAssignments([both, reads], defaultActiveRoles)).toEqual([reads])
  expect(activate([both, reads], defaultActiveRoles, 'both')).toEqual({ exclusion: 'money', active: [] })
})

const someHeld = fc
  .array(
    fc.record({
      role: fc.integer({ min: 0, max: 4 }),
      sets: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.subarray(['a', 'b', 'c'], { minLength: 1, maxLength: 1 })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => list.map(({ role, sets }, index) => held(String(index), `role-${role}`, sets)))
const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4 })), { maxLength: 12 })

test('whatever is chosen and laid down: never too many at once, nothing in use is lost behind one’s back, and what is laid down is out of use', () => {
  fc.assert(
    fc.property(someHeld, steps, (assignments, sequence) => {
      let chosen: ActiveRoles = defaultActiveRoles
      for (const [choose, number] of sequence) {
        const role = `role-${number}`
        if (!assignments.some((assignment) => assignment.role === role)) continue
        const before = activeAssignments(assignments, chosen)
        const answer = choose ? activate(assignments, chosen, role) : deactivate(assignments, chosen, role)
        if ('exclusion' in answer) continue
        chosen = answer
        const after = activeAssignments(assignments, chosen)
        expect(overfullSets(after).size).toBe(0)
        if (choose) expect(after).toEqual(assignments.filter((one) => after.includes(one)))
        if (choose) for (const one of [...before, ...assignments.filter((held) => held.role === role)]) expect(after).toContain(one)
        else expect(after.some((one) => one.role === role)).toBe(false)
      }
    }),
    { numRuns: runs(600) },
  )
})
