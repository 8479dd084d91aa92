import { sql } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { uuidOf } from '../../kernel/id.ts'
import { anyone } from '../../kernel/rule.ts'
import { admitFromNetwork } from '../../throttling/index.ts'
import { mintToken } from '../../tokens/index.ts'
import { deviceLoginLifetime, deviceLoginMemory, firstInterval, newUserCode, shownUserCode } from './model.ts'
import { deviceSignatures } from './signatures.ts'

/** Expired rows that are deleted with every new login, so that they do not accumulate. */
const clearedAtOnce = 10

export const startDeviceLogin = defineCommand(deviceSignatures.startDeviceLogin, {
  allow: anyone,
  handlesSecret: true,
  async handle(context, { clientName }) {
    await admitFromNetwork(context, 'deviceLogin')
    const { newId, now, ports, settings } = context
    const id = newId('dev')
    const { text, hash } = mintToken('device', id, ports)
    const expiresAt = new Date(now.getTime() + deviceLoginLifetime)
    const userCode = shownUserCode(await insertLogin(context, { id, hash, clientName, expiresAt }))
    await deleteOldLogins(context)
    context.note({ target: { type: 'deviceLogin', id }, changes: { clientName } })
    const verificationUri = `${settings.publicUrl}/device`
    const verificationUriComplete = `${verificationUri}?user_code=${userCode}`
    return { deviceCode: text, userCode, verificationUri, verificationUriComplete, expiresAt, interval: firstInterval }
  },
})

interface NewLogin {
  readonly id: string
  readonly hash: string
  readonly clientName: string
  readonly expiresAt: Date
}

/** Inserts a login under an unused user code, and returns the code. */
async function insertLogin({ em, now, origin, ports }: CommandContext, { id, hash, clientName, expiresAt }: NewLogin): Promise<string> {
  for (;;) {
    const userCode = newUserCode(ports.random)
    const rows = await em.execute<unknown[]>(
      sql`insert into device_logins (id, hash, user_code, client_name, status, ip, user_agent, interval, created_at, expires_at)
        values (${uuidOf(id)}, ${hash}, ${userCode}, ${clientName}, 'pending', ${origin.ip}, ${origin.userAgent}, ${firstInterval}, ${now}, ${expiresAt})
        on conflict (user_code) do nothing returning 1`,
    )
    if (rows.length === 1) return userCode
  }
}

/** Deletes some expired logins; rows that are locked are left to a later call. */
async function deleteOldLogins({ em, now }: CommandContext): Promise<void> {
  await em.execute(
    `delete from device_logins where id in (
      select id from device_logins where expires_at < ? order by expires_at limit ? for update skip locked)`,
    [new Date(now.getTime() - deviceLoginMemory), clearedAtOnce],
    'run',
  )
}
