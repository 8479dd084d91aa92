import type { UserStatus } from './model.ts'

/** Whether a user of this status may act at all. Checked on every request, for every kind of credential. */
export function isActing(status: UserStatus): status is 'active' | 'temporary' {
  return status === 'active' || status === 'temporary'
}
