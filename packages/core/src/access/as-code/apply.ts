import { base64url } from 'jose'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { makeChanges } from './make-changes.ts'
import { runTests } from './run-tests.ts'
import { requireFewChanges } from './change-limit.ts'
import { shownChanges } from './difference.ts'
import type { AccessDocument } from './document.ts'
import { effectsBetween, shownEffects } from './effects.ts'
import { findAffected } from './affected.ts'
import type { AccessChanges, Effects, TestResult } from './model.ts'
import { existingTenant, readDocument, type ReadDocument } from './read.ts'
import { findTenant } from './current.ts'
import { planOutdated, testsFailed } from './errors.ts'
import { asCodeSignatures } from './signatures.ts'
import { takeSnapshot } from './snapshot.ts'
import { documentTarget } from './target.ts'
import { usersToLock } from './users-to-lock.ts'

/** Failed tests that are named in the error. */
const mostFailures = 100

export const applyAccess = defineCommand(asCodeSignatures.apply, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: (context: PrepareContext, { document }) => usersToLock(context, document),
  locks: (users) => users,
  async handle(context, { document, basedOn, skipTests }) {
    const { changes, effects, tests, fingerprint } = await applyDocument(context, document)
    if (basedOn !== undefined && basedOn !== fingerprint) throw planOutdated({})
    if (tests.failed > 0 && !skipTests)
      throw testsFailed({ failed: tests.failed, results: tests.results.filter(({ passed }) => !passed).slice(0, mostFailures) })
    const { organizationId } = (await findTenant(context.em, document.organization)) ?? { organizationId: null }
    const { users, teams } = effects
    const target = { type: organizationId === null ? 'installation' : 'organization', id: organizationId ?? 'installation' }
    context.note({ target, organizationId, changes: { count: changes.count, users, teams, fingerprint } })
    if (changes.count > 0)
      context.emit({
        type: 'access.applied',
        subject: target.id,
        organizationId,
        payload: { organizationId, count: changes.count, users, teams },
      })
    return { changes, effects, tests }
  },
})

/** The result of applying a document. */
interface ApplyReport {
  readonly changes: AccessChanges
  readonly effects: Effects
  readonly tests: { passed: number; failed: number; results: TestResult[] }
  /** A hash of all changes and all their effects. */
  readonly fingerprint: string
}

/** Applies a document under the lock of its organization's role hierarchy, and reports changes, effects and test results. */
export async function applyDocument(
  context: CommandContext,
  document: AccessDocument,
  change: (reading: ReadDocument) => Promise<void> = (reading) => makeChanges(context, reading.tenant, reading.difference),
): Promise<ApplyReport> {
  const { em, now, catalogue } = context
  const { organizationId, uuid } = await existingTenant(em, document.organization)
  await lockRoleHierarchy(em, organizationId, 'change')
  // The permissions of a role are changed under a lock of that role.
  await em.execute('select 1 from roles where home = ?::uuid and not built_in and deleted_at is null order by id for no key update', [uuid])
  const reading = await readDocument(em, catalogue, document, now)
  const { difference, desired } = reading
  requireFewChanges(difference)
  const holders = await findAffected(em, difference, now)
  const before = await takeSnapshot(em, catalogue, holders, now)
  await change(reading)
  const after = await takeSnapshot(em, catalogue, holders, now)
  const effects = await effectsBetween(em, catalogue, { before, after, organizationId })
  const all = [difference.roles, difference.exclusions, difference.assignments].map((changes) => changes.map((one) => one.change))
  return {
    changes: shownChanges(difference),
    effects: await shownEffects(em, effects),
    tests: await runTests(em, catalogue, desired.tests, now),
    fingerprint: fingerprintOf(context, [organizationId, all, effects]),
  }
}

function fingerprintOf({ ports }: CommandContext, facts: unknown): string {
  const hex = ports.digest.sha256(JSON.stringify(facts))
  return base64url.encode(
    Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)),
  )
}
