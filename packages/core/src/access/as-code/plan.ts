import { defineDryRun } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import type { DenizenError } from '../../kernel/errors.ts'
import { granted } from '../../kernel/rule.ts'
import { applyDocument } from './apply.ts'
import { makeChanges, makeChangesAsSystem } from './make-changes.ts'
import { asCodeSignatures } from './signatures.ts'
import { documentTarget } from './target.ts'
import { usersToLock } from './users-to-lock.ts'

export const planAccess = defineDryRun(asCodeSignatures.plan, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: (context: PrepareContext, { document }) => usersToLock(context, document),
  locks: (users) => users,
  async handle(context, { document }) {
    let refusal: DenizenError | null = null
    const report = await applyDocument(context, document, async ({ tenant, difference }) => {
      const mine = await context.attempt(() => makeChanges(context, tenant, difference))
      if (mine.ok) return
      if (mine.error.kind !== 'denied') throw mine.error
      // The plan does not depend on who makes it: somebody else may read it, and apply it.
      refusal = mine.error
      await makeChangesAsSystem(context, tenant, difference)
    })
    return {
      ...report,
      refusal: refusal === null ? null : { code: (refusal as DenizenError).code, message: (refusal as DenizenError).message },
    }
  },
})
