import type { SqlEntityManager } from '@mikro-orm/sql'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { runStatement, statement } from '../../kernel/statement.ts'
import type { FactorRequired } from '../model.ts'

type FactorMethod = FactorRequired['methods'][number]

const factorsHeld = statement(
  'factors_held',
  `select exists (select 1 from totp_factors where user_id = ? and activated_at is not null) as totp,
      exists (select 1 from passkeys where user_id = ?) as passkey,
      exists (select 1 from recovery_codes where user_id = ? and used_at is null) as "recoveryCode"`,
)

/** The methods with which a user can answer a second-factor challenge; none: the user has no second factor. */
export async function secondFactorMethodsOf(em: SqlEntityManager, userId: Id<'usr'>): Promise<FactorMethod[]> {
  const id = uuidOf(userId)
  const [row] = await runStatement<Record<FactorMethod, boolean>>(em, factorsHeld, [id, id, id])
  const methods: FactorMethod[] = []
  if (row === undefined) return methods
  if (row.totp) methods.push('totp')
  if (row.passkey) methods.push('passkey')
  // A recovery code replaces another factor; on its own it is none.
  if (row.recoveryCode && methods.length > 0) methods.push('recoveryCode')
  return methods
}
