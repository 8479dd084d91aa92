import { insertUser } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { existingUser } from '../../users/index.ts'
import { admitFromNetwork } from '../../throttling/index.ts'
import { createSession } from '../create-session.ts'
import { anonymousClosed } from './errors.ts'
import { anonymousSignatures } from './signatures.ts'

/**
 * Creates a temporary user without address or password, and its only session: who loses
 * that loses the account. Nothing that a client says about itself brings it back.
 */
export const createAnonymous = defineCommand(anonymousSignatures.createAnonymous, {
  allow: anyone,
  handlesSecret: true,
  async handle(context) {
    const { em, ports, settings } = context
    if (settings.signUp !== 'open') throw anonymousClosed({})
    await admitFromNetwork(context, 'anonymous')
    const { id } = await insertUser(context, {
      username: `guest-${[...ports.random.bytes(10)].map((byte) => letters[byte & 31]).join('')}`,
      usernameIsOurs: true,
      email: null,
      emailVerified: false,
      status: 'temporary',
      kind: 'anonymous',
      passwordHash: null,
      needPasswordChange: false,
      homeOrganizationId: null,
      profile: {},
    })
    context.note({ target: { type: 'user', id } })
    const user = await existingUser(em, id)
    return createSession(context, user, { method: 'anonymous', authMethods: [], assurance: 'aal1', identifier: user.username })
  },
})

/** Letters that cannot be confused with each other. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
