import type { AnswerOf } from '../../kernel/signature.ts'
import { userStatus } from '../../users/model.ts'
import type { directorySignatures } from '../directory/signatures.ts'
import type { Census } from './census.ts'

/** Works out the statistics of a set of users; `adminRoles` are the roles that count as administrator. */
export function statisticsOf(census: Census, adminRoles: readonly string[]): AnswerOf<typeof directorySignatures.stats> {
  const { kinds, created, roles, oldest, newest } = census
  const count = (which: (one: Census['kinds'][number]) => boolean) => kinds.filter(which).reduce((sum, [, , , amount]) => sum + amount, 0)
  const byStatus = Object.fromEntries(userStatus.options.map((status) => [status, count((one) => one[0] === status)]))
  const [created24h, created7d, created30d] = created
  return {
    total: count(() => true),
    created24h,
    created7d,
    created30d,
    active: count(([status]) => status === 'active'),
    suspended: count(([status]) => status === 'suspended'),
    admins: adminRoles.reduce((sum, role) => sum + (roles[role] ?? 0), 0),
    anonymous: count(([, kind]) => kind === 'anonymous'),
    bots: count(([, , isBot]) => isBot),
    oldest,
    newest,
    byStatus: byStatus as AnswerOf<typeof directorySignatures.stats>['byStatus'],
    byRole: roles,
  }
}
