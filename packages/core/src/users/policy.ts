import type { Origin } from '../kernel/context.ts'
import { isWithin } from '../kernel/network.ts'
import type { UserStatus } from './model.ts'

/** Whether a user of this status may act at all. Checked on every request, for every kind of credential. */
export function isActing(status: UserStatus): status is 'active' | 'temporary' {
  return status === 'active' || status === 'temporary'
}

/**
 * Whether a user may act from where a call comes from. No networks: from anywhere.
 * A call that came over none, from within the process, is not asked for an address.
 */
export function mayActFrom(networks: readonly string[], { ip, remote }: Pick<Origin, 'ip' | 'remote'>): boolean {
  if (networks.length === 0) return true
  return ip === null ? remote !== true : isWithin(ip, networks)
}
