import type { ActionName } from '@denizen/core/calls'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './callers.ts'
import { everyCase, exampleOf, isReadOnly, names, preparedCases, shapesOfNamed } from './cases.ts'
import { examples } from '../examples/index.ts'
import { usePlace } from './place.ts'
import type { Case } from './shapes.ts'
import { Follower, type Trail } from './trail.ts'

const place = usePlace()
const follower = new Follower(place)

it('every action has an example here', () => {
  expect(names.filter((name) => !(name in examples))).toEqual([])
})

describe('in process', () => {
  for (const [name, which] of everyCase()) {
    it(`${name} ${which}`, async () => {
      const trail = await follower.inProcess(name, which)
      const [outcome] = trail.outcomes
      if (which === 'succeeds') expect(outcome).toHaveProperty('answer')
      else expect(outcome).toHaveProperty('error.code', exampleOf(name).failure.code)
      expect(trail.audit).toEqual(auditOf(name, which, trail))
    })
  }
})

describe('in process, a command', () => {
  for (const [name, which] of preparedCases()) {
    it(`${name} ${which}`, async () => {
      const { outcomes, audit } = await follower.inProcess(name, which)
      const refused = [...shapesOfNamed(name, which)].find((shape) => shape === 'plan refused' || shape === 'key answers a secret once')
      if (which === 'is planned') {
        expect(outcomes[0]).toMatchObject(
          refused === undefined ? { answer: { rows: expect.anything() } } : { error: { code: 'request.notPlannable' } },
        )
        expect(audit).toEqual([])
      } else {
        expect(outcomes[0]).toHaveProperty('answer')
        if (refused === undefined) expect(outcomes).toEqual([outcomes[0], outcomes[0], { same: true }])
        else expect(outcomes[1]).toHaveProperty('error.code', 'request.alreadyAnswered')
        expect(audit.filter((entry) => (entry as { outcome: string }).outcome === 'succeeded')).toHaveLength(1)
      }
    })
  }
})

describe('raw HTTP', () => {
  for (const [name, which] of [...everyCase(), ...preparedCases()]) {
    it(`${name} ${which} as it does in process`, async () => {
      const { trail, expected } = await follower.both(rawHttp, name, which)
      expect(trail).toEqual(expected)
    })
  }
})

/** The audit entries that a call leaves, whatever its face. */
function auditOf(name: ActionName, which: Case, { byStranger }: Trail): readonly unknown[] {
  const entry = (facts: Record<string, unknown>) => [expect.objectContaining({ action: name, ...facts })]
  if (which === 'succeeds') {
    if (isReadOnly(name)) return []
    return entry({ outcome: 'succeeded', error_code: null, actor_kind: byStranger ? 'anonymous' : 'user' })
  }
  const { code, kind, counted = false } = exampleOf(name).failure
  if (counted) return entry({ outcome: 'refused', error_code: code, actor_kind: byStranger ? 'anonymous' : 'user' })
  // A wrong proof is counted, and so kept; who shows none at all leaves nothing.
  if (byStranger && kind === 'unauthenticated' && code !== 'request.unauthenticated')
    return entry({ outcome: 'refused', error_code: code, actor_kind: 'anonymous' })
  if (kind === 'denied') return entry({ outcome: 'denied', error_code: code, actor_kind: 'user' })
  if (kind === 'conflict') return entry({ outcome: 'failed', error_code: code, actor_kind: 'user' })
  return [] // strangers, broken inputs and queries for what is not there leave none
}
