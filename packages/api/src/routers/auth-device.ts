import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { auth } = signatures

/** Signing in programs without a browser (RFC 8628). */
export const deviceProcedures = {
  approveDeviceLogin: expose(auth.approveDeviceLogin),
  denyDeviceLogin: expose(auth.denyDeviceLogin),
  pollDeviceLogin: expose(auth.pollDeviceLogin),
  revokeToken: expose(auth.revokeToken),
  startDeviceLogin: expose(auth.startDeviceLogin),
  viewDeviceLogin: expose(auth.viewDeviceLogin),
}
