import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../../kernel/id.ts'
import type { Settings } from '../../kernel/settings.ts'
import type { PasskeyRequest } from '../model.ts'
import { challengeLifetime } from '../../challenges/index.ts'

/**
 * What a page hands to `navigator.credentials.get()` so that one of the user's passkeys
 * signs the challenge. Asks for whoever holds it to be checked too (a PIN, a finger).
 */
export async function passkeyRequest(
  em: SqlEntityManager,
  { publicUrl }: Settings,
  userId: Id<'usr'>,
  challenge: string,
): Promise<PasskeyRequest> {
  const allowed = await em.execute<{ id: string; transports: string }[]>(
    `select credential_id as id, array_to_json(transports)::text as transports from passkeys where user_id = ? order by id`,
    [uuidOf(userId)],
  )
  return {
    challenge,
    rpId: new URL(publicUrl).hostname,
    timeout: challengeLifetime,
    userVerification: 'required',
    allowCredentials: allowed.map(({ id, transports }) => ({ id, type: 'public-key', transports: JSON.parse(transports) as string[] })),
  }
}
