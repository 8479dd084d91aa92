import type { ActionName } from '@denizen/core/calls'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './callers.ts'
import { everyCase, exampleOf, isReadOnly, preparedCases, shapesOfNamed } from './cases.ts'
import { usePlace } from './place.ts'
import type { Case } from './shapes.ts'
import { Follower, type Trail } from './trail.ts'

/** Calls every action that falls to one of so many files, as two of them take half the time. */
export function callEveryAction(part: number, parts: number): void {
  const mine = <Each>(cases: readonly Each[]) => cases.filter((_, index) => Math.floor(index / 2) % parts === part)
  const place = usePlace()
  const follower = new Follower(place)

  describe('raw HTTP', () => {
    for (const [name, which] of mine(everyCase())) {
      it(`${name} ${which}, and as it does in process`, async () => {
        const { trail, expected } = await follower.both(rawHttp, name, which)
        const [outcome] = expected.outcomes
        if (which === 'succeeds') expect(outcome).toHaveProperty('answer')
        else expect(outcome).toHaveProperty('error.code', exampleOf(name).failure.code)
        expect(expected.audit).toEqual(auditOf(name, which, expected))
        expect(trail).toEqual(expected)
      })
    }

    for (const [name, which] of mine(preparedCases())) {
      it(`${name} ${which}, and as it does in process`, async () => {
        const { trail, expected } = await follower.both(rawHttp, name, which)
        expectPrepared(name, which, expected)
        expect(trail).toEqual(expected)
      })
    }
  })
}

/** A plan, or a command with a key that is sent twice: what is answered and written down in process. */
function expectPrepared(name: ActionName, which: Case, { outcomes, audit }: Trail): void {
  const refused = [...shapesOfNamed(name, which)].find((shape) => refusals.has(shape))
  if (which === 'is planned') {
    expect(outcomes[0]).toMatchObject(
      refused === undefined ? { answer: { rows: expect.anything() } } : { error: { code: 'request.notPlannable' } },
    )
    expect(audit).toEqual([])
    return
  }
  if (refused === 'key refused') {
    expect(outcomes[0]).toHaveProperty('error.code', 'request.notRepeatable')
    expect(audit).toEqual([])
    return
  }
  expect(outcomes[0]).toHaveProperty('answer')
  if (refused === undefined) expect(outcomes).toEqual([outcomes[0], outcomes[0], { same: true }])
  else expect(outcomes[1]).toHaveProperty('error.code', 'request.alreadyAnswered')
  expect(audit.filter((entry) => (entry as { outcome: string }).outcome === 'succeeded')).toHaveLength(1)
}

const refusals: ReadonlySet<string> = new Set(['plan refused', 'key refused', 'key answers a secret once'])

/** The audit entries that a call leaves, whatever its face. */
function auditOf(name: ActionName, which: Case, { byStranger, audit }: Trail): readonly unknown[] {
  const entry = (facts: Record<string, unknown>) => [expect.objectContaining({ action: name, ...facts })]
  if (which === 'succeeds') {
    if (isReadOnly(name)) return []
    // What strangers only begin or look at is counted, not kept (R11).
    if (byStranger && audit.length === 0) return []
    return entry({ outcome: 'succeeded', error_code: null, actor_kind: byStranger ? 'anonymous' : 'user' })
  }
  const { code, kind, counted = false } = exampleOf(name).failure
  // What strangers are refused is kept if it is about an account, and only counted if it is about nobody (R11).
  if (byStranger)
    return audit.length === 0 ? [] : entry({ outcome: 'refused', error_code: code, actor_kind: 'anonymous', has_target: true })
  if (counted) return entry({ outcome: 'refused', error_code: code, actor_kind: 'user' })
  if (kind === 'denied') return entry({ outcome: 'denied', error_code: code, actor_kind: 'user' })
  if (kind === 'conflict') return entry({ outcome: 'failed', error_code: code, actor_kind: 'user' })
  return [] // strangers, broken inputs and queries for what is not there leave none
}
