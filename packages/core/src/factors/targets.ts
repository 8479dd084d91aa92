import type { SqlEntityManager } from '@mikro-orm/sql'
import { accountTarget } from '../accounts/index.ts'
import type { TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/context.ts'
import { callerId } from '../kernel/context.ts'
import type { Target } from '../kernel/rule.ts'
import type { UserId } from '../users/index.ts'

interface MayNameUser {
  readonly userId?: UserId | undefined
}

/** Whose factors are looked at: the caller's, unless somebody else is named. */
export function whoseFactors({ userId }: MayNameUser, actor: Actor): UserId | null {
  return userId ?? callerId(actor)
}

/** How whoever is looked at is found. The operator of the machine has to say who. */
export const holderTarget = {
  type: 'user',
  async find(em: SqlEntityManager, input: MayNameUser, actor: Actor): Promise<Target | null | undefined> {
    const userId = whoseFactors(input, actor)
    return userId === null ? undefined : accountTarget.find(em, { userId })
  },
} satisfies TargetFinder<MayNameUser>
