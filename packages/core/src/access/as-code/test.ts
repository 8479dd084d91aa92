import { defineDryRun } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { granted } from '../../kernel/rule.ts'
import { applyDocument } from './apply.ts'
import { makeChangesAsSystem } from './make-changes.ts'
import { readDocument } from './read.ts'
import { runTests } from './run-tests.ts'
import { asCodeSignatures } from './signatures.ts'
import { documentTarget } from './target.ts'
import { usersToLock } from './users-to-lock.ts'

export const testAccess = defineDryRun(asCodeSignatures.test, {
  fewAtOnce: true,
  allow: granted,
  target: documentTarget,
  prepare: (context: PrepareContext, { document, live }) => (live ? Promise.resolve([]) : usersToLock(context, document)),
  locks: (users) => users,
  async handle(context, { document, live }) {
    const { em, catalogue, now } = context
    if (!live)
      return (await applyDocument(context, document, ({ tenant, difference }) => makeChangesAsSystem(context, tenant, difference))).tests
    return runTests(em, catalogue, (await readDocument(em, catalogue, document, now)).desired.tests, now)
  },
})
