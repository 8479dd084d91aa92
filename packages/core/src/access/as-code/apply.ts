import { base64url } from 'jose'
import type { CommandContext } from '../../kernel/context.ts'
import { lockRoleHierarchy } from '../roles/hierarchy-lock.ts'
import { makeChanges } from './make-changes.ts'
import { runTests } from './run-tests.ts'
import { requireFewChanges } from './change-limit.ts'
import { shownChanges } from './diff.ts'
import type { AccessDocument } from './document.ts'
import { effectsBetween, shownEffects } from './effects.ts'
import { findAffected } from './affected.ts'
import type { AccessChanges, Effects, TestResult } from './model.ts'
import { existingTenant, readDocument, type ReadDocument } from './read.ts'
import { takeSnapshot } from './snapshot.ts'

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
