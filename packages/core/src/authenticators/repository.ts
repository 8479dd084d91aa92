import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'

/** The second factors of a user. */
export interface SecondFactors {
  /** When the authenticator app was activated, in milliseconds since the epoch; null: there is none. */
  readonly totp: number | null
  readonly passkeys: number
  /** Those not used yet. */
  readonly recoveryCodes: number
}

export async function secondFactorsOf(em: SqlEntityManager, userId: UserId): Promise<SecondFactors> {
  const id = uuidOf(userId)
  const [row] = await em.execute<[SecondFactors]>(
    `select (select (extract(epoch from activated_at) * 1000)::float8 from totp_factors where user_id = ?) as totp,
        (select count(*) from passkeys where user_id = ?)::int as passkeys,
        (select count(*) from recovery_codes where user_id = ? and used_at is null)::int as "recoveryCodes"`,
    [id, id, id],
  )
  return row
}

/** Whether the user has a second factor; recovery codes alone are none. */
export function hasFactor({ totp, passkeys }: SecondFactors): boolean {
  return totp !== null || passkeys > 0
}
