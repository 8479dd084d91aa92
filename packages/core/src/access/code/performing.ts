import { base64url } from 'jose'
import type { CommandContext } from '../../kernel/context.ts'
import { lockRoleHierarchy } from '../exclusions/structure.ts'
import { carryOut } from './applying.ts'
import { runTests } from './checking.ts'
import { told } from './difference.ts'
import type { AccessDocument } from './document.ts'
import { effectsBetween, toldEffects } from './effects.ts'
import { holdersOf } from './holders.ts'
import type { AccessChanges, Effects, TestResult } from './model.ts'
import { existingHome, read, type Reading } from './reading.ts'
import { viewsOf } from './views.ts'

/** What came of a document. */
interface Performance {
  readonly changes: AccessChanges
  readonly effects: Effects
  readonly tests: { passed: number; failed: number; results: TestResult[] }
  /** Of all that was done, and of all that anybody gained or lost by it. */
  readonly fingerprint: string
}

/** Makes access what a document says, alone in its organization, and tells what that came to. */
export async function perform(
  context: CommandContext,
  document: AccessDocument,
  change: (reading: Reading) => Promise<void> = (reading) => carryOut(context, reading.home, reading.difference),
): Promise<Performance> {
  const { em, now, catalogue } = context
  const { organizationId, uuid } = await existingHome(em, document.organization)
  await lockRoleHierarchy(em, organizationId, 'change')
  // What single roles allow is changed under the lock of each.
  await em.execute('select 1 from roles where home = ?::uuid and not built_in and deleted_at is null order by id for no key update', [uuid])
  const reading = await read(em, catalogue, document, now)
  const { difference, wanted } = reading
  const holders = await holdersOf(em, difference, now)
  const before = await viewsOf(em, catalogue, holders, now)
  await change(reading)
  const after = await viewsOf(em, catalogue, holders, now)
  const effects = await effectsBetween(em, catalogue, { before, after, organizationId })
  const all = [difference.roles, difference.exclusions, difference.assignments].map((changes) => changes.map((one) => one.change))
  return {
    changes: told(difference),
    effects: await toldEffects(em, effects),
    tests: await runTests(em, catalogue, wanted.tests, now),
    fingerprint: fingerprintOf(context, [organizationId, all, effects]),
  }
}

function fingerprintOf({ ports }: CommandContext, facts: unknown): string {
  const hex = ports.digest.sha256(JSON.stringify(facts))
  return base64url.encode(
    Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)),
  )
}
