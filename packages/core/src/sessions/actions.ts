import { defineQuery } from '../kernel/action.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { ownSessionOf } from './own.ts'
import { sessionsSignatures } from './signatures.ts'

/** The hottest path: answered from the principal, without the database. */
export const whoAmI = defineQuery(sessionsSignatures.whoami, {
  allow: signedIn,
  async handle({ actor }) {
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, username, email, displayName, status, organization, roles } = actor.principal
    return {
      user: { id: userId, username, email, displayName, status },
      session: ownSessionOf(actor.principal),
      organization,
      roles: [...roles],
    }
  },
})
