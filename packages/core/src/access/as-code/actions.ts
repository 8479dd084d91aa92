import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, defineInquiry, defineQuery, defineDryRun, type TargetFinder } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { DenizenError } from '../../kernel/errors.ts'
import { isId, type Id } from '../../kernel/id.ts'
import { granted, type Target } from '../../kernel/rule.ts'
import { usersInTeam } from '../assignments/repository.ts'
import { runTests } from './run-tests.ts'
import { makeChanges } from './make-changes.ts'
import { requireFewChanges } from './change-limit.ts'
import { shownChanges } from './diff.ts'
import type { AccessDocument } from './document.ts'
import { planOutdated, testsFailed } from './errors.ts'
import { exportDocument } from './export.ts'
import { applyDocument } from './apply.ts'
import { readDocument } from './read.ts'
import { asCodeSignatures as signatures } from './signatures.ts'
import { findTenant } from './current.ts'

interface NamesDocument {
  readonly document: AccessDocument
}

/** Finds the organization of a document. A document without one is about the installation. */
const documentTarget = {
  type: 'organization',
  find: (em: SqlEntityManager, { document }: NamesDocument) => targetOf(em, document.organization),
} satisfies TargetFinder<NamesDocument>

async function targetOf(em: SqlEntityManager, organization: string | undefined): Promise<Target | null | undefined> {
  if (organization === undefined) return undefined
  const id = (await findTenant(em, organization))?.organizationId ?? null
  return id === null ? null : { type: 'organization', id, organizationId: id, userId: null, visibleWith: 'organizations.get' }
}

/** The users who gain or lose an assignment, directly or through a team. They are locked first, as with single commands. */
async function usersToLock({ reader, catalogue, now }: PrepareContext, { document }: NamesDocument): Promise<readonly Id<'usr'>[]> {
  const { difference } = await readDocument(reader, catalogue, document, now)
  requireFewChanges(difference)
  const ids = [...new Set(difference.assignments.map(({ change }) => change.subject.id))]
  const users: Id<'usr'>[] = ids.filter((id) => isId('usr', id))
  for (const team of ids.filter((id) => isId('team', id))) users.push(...(await usersInTeam(reader, team)))
  return users
}

const locks = (users: readonly Id<'usr'>[]) => users

export const diffAccess = defineInquiry(signatures.diff, {
  fewAtOnce: true,
  oneSnapshot: true,
  allow: granted,
  target: documentTarget,
  async handle({ open, catalogue, now }, { document }) {
    return shownChanges((await readDocument(await open(), catalogue, document, now)).difference)
  },
})

export const planAccess = defineDryRun(signatures.plan, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: usersToLock,
  locks,
  async handle(context, { document }) {
    let refusal: DenizenError | null = null
    const performance = await applyDocument(context, document, async ({ tenant, difference }) => {
      const mine = await context.attempt(() => makeChanges(context, tenant, difference))
      if (mine.ok) return
      if (mine.error.kind !== 'denied') throw mine.error
      // The plan does not depend on who makes it: somebody else may read it, and apply it.
      refusal = mine.error
      await makeChanges(asSystem(context), tenant, difference)
    })
    return {
      ...performance,
      refusal: refusal === null ? null : { code: (refusal as DenizenError).code, message: (refusal as DenizenError).message },
    }
  },
})

/** The same context with the system as actor. Only for changes that are rolled back. */
function asSystem(context: CommandContext): CommandContext {
  return { ...context, actor: { kind: 'system', reason: 'a rehearsal' } }
}

export const applyAccess = defineCommand(signatures.apply, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: usersToLock,
  locks,
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

const mostFailures = 100

export const testAccess = defineDryRun(signatures.test, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: (context, { document, live }) => (live ? Promise.resolve([]) : usersToLock(context, { document })),
  locks,
  async handle(context, { document, live }) {
    const { em, catalogue, now } = context
    if (!live)
      return (await applyDocument(context, document, ({ tenant, difference }) => makeChanges(asSystem(context), tenant, difference))).tests
    return runTests(em, catalogue, (await readDocument(em, catalogue, document, now)).desired.tests, now)
  },
})

export const exportAccess = defineQuery(signatures.export, {
  oneSnapshot: true,
  allow: granted,
  target: {
    type: 'organization',
    find: (em: SqlEntityManager, { organizationId }: { organizationId?: string | undefined }) => targetOf(em, organizationId),
  },
  async handle({ open, now }, { organizationId }) {
    return exportDocument(await open(), organizationId, now)
  },
})
