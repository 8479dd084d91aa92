import type { Actions } from '../../kernel/action.ts'
import type { deviceSignatures } from './signatures.ts'
import { approveDeviceLogin, denyDeviceLogin, viewDeviceLogin } from './deciding.ts'
import { pollDeviceLogin } from './polling.ts'
import { revokeToken } from './revoking.ts'
import { startDeviceLogin } from './starting.ts'

/** Signing in programs without a browser (RFC 8628). */
export const deviceActions: Actions<typeof deviceSignatures> = {
  approveDeviceLogin,
  denyDeviceLogin,
  pollDeviceLogin,
  revokeToken,
  startDeviceLogin,
  viewDeviceLogin,
}
