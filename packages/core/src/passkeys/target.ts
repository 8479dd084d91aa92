import type { SqlEntityManager } from '@mikro-orm/sql'
import { accountTarget, ownAccountTarget } from '../users/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { Target } from '../kernel/rule.ts'
import { PasskeyRow } from './entity.ts'
import type { PasskeyId } from './model.ts'

interface NamesPasskey {
  readonly passkeyId: PasskeyId
}

/** How a passkey is found: it belongs to its user, and is where the account is managed. The caller's row is locked. */
export const passkeyTarget = {
  type: 'passkey',
  locks: ownAccountTarget.locks,
  async find(em: SqlEntityManager, { passkeyId }: NamesPasskey): Promise<Target | null> {
    const passkey = await em.findOne(PasskeyRow, { id: passkeyId })
    const account = passkey === null ? null : await accountTarget.find(em, { userId: passkey.userId })
    return account === null ? null : { ...account, type: 'passkey', id: passkeyId, visibleWith: 'passkeys.list' }
  },
} satisfies TargetFinder<NamesPasskey>
