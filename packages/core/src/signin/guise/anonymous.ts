import { insertUser } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { networkOf } from '../../kernel/network.ts'
import { anyone } from '../../kernel/rule.ts'
import { existingUser } from '../../users/index.ts'
import { tooManyAttempts } from '../errors.ts'
import { openSession } from '../opening.ts'
import { anonymousClosed } from './errors.ts'
import { guiseSignatures } from './signatures.ts'

/**
 * A temporary user without address or password, and its only session: whoever loses
 * that has lost the account. Nothing that a client says of itself brings it back.
 */
export const createAnonymous = defineCommand(guiseSignatures.createAnonymous, {
  allow: anyone,
  handlesSecret: true,
  async handle(context) {
    const { em, ports, settings } = context
    if (settings.signUp === 'closed') throw anonymousClosed({})
    await checkFlood(context)
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
    return openSession(context, user, { method: 'anonymous', authMethods: [], assurance: 'aal1', identifier: user.username })
  },
})

/** Letters that nobody mistakes for one another. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'

const hour = 60 * 60 * 1000
/** Accounts that one network may make within an hour of the clock: a school gets by, and a flood is slowed. */
const mostOfNetwork = 200

async function checkFlood(context: CommandContext): Promise<void> {
  const { em, now, origin, ports } = context
  if (origin.ip === null) return
  const window = Math.floor(now.getTime() / hour)
  const key = await ports.cipher.fingerprint('anonymous', `${window}\n${networkOf(origin.ip) ?? origin.ip}`)
  const [row] = await em.execute<[{ failures: number }]>(
    `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
      on conflict (key) do update set failures = t.failures + 1, last_failure_at = excluded.last_failure_at returning failures`,
    [key, now],
  )
  if (row.failures > mostOfNetwork) throw tooManyAttempts({ retryAfter: Math.ceil(((window + 1) * hour - now.getTime()) / 1000) })
}
