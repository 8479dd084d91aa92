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

/** Whether anything is left that a sign-in can ask for; recovery codes only stand in for it. */
export function hasFactor({ totp, passkeys }: SecondFactors): boolean {
  return totp !== null || passkeys > 0
}

/** The names of the roles that a user holds everywhere. */
export async function rolesOf(em: SqlEntityManager, userId: UserId, now: Date): Promise<string[]> {
  const rows = await em.execute<{ name: string }[]>(
    `select r.name from role_assignments a join roles r on r.id = a.role_id
      where a.user_id = ? and a.scope_kind = 'system' and a.revoked_at is null
        and a.valid_from <= ? and (a.valid_until is null or a.valid_until > ?)`,
    [uuidOf(userId), now, now],
  )
  return rows.map(({ name }) => name)
}
