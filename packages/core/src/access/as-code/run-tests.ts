import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope } from '../../kernel/decisions.ts'
import type { Grants } from '../../kernel/grants.ts'
import { isId } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { takingTurns } from '../../kernel/turns.ts'
import { type ResolvedAssignment, grantOf, grantsOf } from '../../grants/index.ts'
import { FactsReader } from '../facts/reader.ts'
import { withoutConditions, type SubjectFacts } from '../facts/subjects.ts'
import { effectiveAssignmentsOf, isAllowedAt, grantsOfSubject, owns, type DecisionContext } from '../subjects.ts'
import type { TestResult } from './model.ts'
import type { DesiredTest } from './resolve.ts'

/** One thing that a test says. */
interface TestQuestion {
  readonly test: DesiredTest
  readonly permission: string
  readonly expected: 'can' | 'cannot'
}

/** What a document's tests come to now. */
export async function runTests(
  em: SqlEntityManager,
  catalogue: Catalogue,
  tests: readonly DesiredTest[],
  now: Date,
): Promise<{ passed: number; failed: number; results: TestResult[] }> {
  const turn = takingTurns()
  const ids = [...new Set(tests.map(({ subject }) => subject.id))]
  const reader = new FactsReader(em, 'now', now)
  const users = await reader.users(ids.filter((id) => isId('usr', id)))
  const facts = new Map<string, SubjectFacts>(users.map((user) => [user.userId, user]))
  const teams = await reader.teams(ids.filter((id) => isId('team', id)))
  const results: TestResult[] = []
  const askedAs = new Map<string, Asked>()
  for (const test of tests) {
    await turn() // reading what somebody holds may have taken long already, and compiling it will
    const { subject, assurance, address } = test
    const user = facts.get(subject.id)
    const depends = user === undefined || user.assignments.some(({ condition }) => condition !== null)
    const key = JSON.stringify(depends ? [subject.id, assurance, address] : [subject.id])
    const asked =
      askedAs.get(key) ??
      (user === undefined ? teamAsked(catalogue, test, teams.get(subject.id as never) ?? []) : userAsked(catalogue, test, user, now))
    askedAs.set(key, asked)
    for (const question of questionsIn(test)) {
      results.push(resultOf(question, asked(question)))
      await turn()
    }
  }
  const failed = results.filter(({ passed }) => !passed).length
  return { passed: results.length - failed, failed, results }
}

function questionsIn(test: DesiredTest): readonly TestQuestion[] {
  return [
    ...test.can.map((permission) => ({ test, permission, expected: 'can' as const })),
    ...test.cannot.map((permission) => ({ test, permission, expected: 'cannot' as const })),
  ]
}

interface TestAnswer {
  readonly allowed: boolean
  /** Where it comes from, or why it does not. Found out only of what did not pass. */
  because(): string
}

function resultOf({ test, permission, expected }: TestQuestion, { allowed, because }: TestAnswer): TestResult {
  const { index, subject, on, assurance, address } = test
  const passed = allowed === (expected === 'can')
  return { test: index, subject, permission, expected, on, assurance, address, passed, reason: passed ? null : because() }
}

/** Whose grants are put together, in one situation: once for all questions about it, however many tests they stand in. */
type Asked = (question: TestQuestion) => TestAnswer

function userAsked(catalogue: Catalogue, { address, assurance }: DesiredTest, found: SubjectFacts, now: Date): Asked {
  const facts = { ...found, assurance }
  const situation = { now, from: address === null ? null : { ip: address, remote: true as const } }
  const grants = grantsOfSubject(catalogue, facts, situation)
  let atMost: Grants | undefined
  return ({ permission, test: { scope } }) => {
    const allowed = isAllowedAt(grants, facts, permission, scope)
    if (allowed) return { allowed, because: () => sourceOf(catalogue, facts, situation, { scope, permission }) }
    if (!facts.isActive) return { allowed, because: () => 'the account does not act: it is not active, or its grants are frozen' }
    const because = (): string => {
      atMost ??= grantsOfSubject(catalogue, withoutConditions(facts), situation)
      const might = isAllowedAt(atMost, facts, permission, scope)
      return might ? 'it is granted only under a condition that the test does not meet' : 'nothing grants it there now'
    }
    return { allowed, because }
  }
}

/** What one assignment grants by itself, put together once for all questions and situations. Bounded by the assignments of running calls. */
const aloneGrants = new WeakMap<ResolvedAssignment, Grants>()

function grantsAlone(catalogue: Catalogue, assignment: ResolvedAssignment): Grants {
  const grants = aloneGrants.get(assignment) ?? grantsOf(catalogue, [grantOf(assignment)])
  aloneGrants.set(assignment, grants)
  return grants
}

/** What lets somebody: the first thing that does by itself. */
function sourceOf(
  catalogue: Catalogue,
  facts: SubjectFacts,
  situation: DecisionContext,
  { scope, permission }: { readonly scope: Scope; readonly permission: string },
): string {
  const alone = effectiveAssignmentsOf(facts, situation).find((assignment) =>
    grantsAlone(catalogue, assignment).allows(permission, scope.organizationId, scope.path),
  )
  if (alone !== undefined)
    return `${alone.name === null ? 'a permission of their own' : `the role ${alone.name}`}${alone.team === null ? '' : ', by a team,'} gives it`
  return owns(facts, scope) ? 'they own it, or what it is in' : 'their membership of the organization gives it'
}

function teamAsked(catalogue: Catalogue, { address, assurance }: DesiredTest, assignments: readonly ResolvedAssignment[]): Asked {
  const counts = ({ condition }: ResolvedAssignment): boolean =>
    (condition?.assurance === undefined || condition.assurance === assurance) &&
    (condition?.networks === undefined || (address !== null && mayActFrom(condition.networks, { ip: address, remote: true })))
  const grants = grantsOf(catalogue, assignments.filter(counts).map(grantOf))
  return ({ permission, test: { scope } }) => {
    const allowed = grants.allows(permission, scope.organizationId, scope.path)
    return { allowed, because: () => (allowed ? 'something that the team has grants it' : 'nothing that the team has grants it there now') }
  }
}
