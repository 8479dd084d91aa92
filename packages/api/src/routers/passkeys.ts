import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { passkeys } = signatures

export const passkeysRouter = router({
  beginRegistration: expose(passkeys.beginRegistration),
  beginSignIn: expose(passkeys.beginSignIn),
  finishRegistration: expose(passkeys.finishRegistration),
  finishSignIn: expose(passkeys.finishSignIn),
  list: expose(passkeys.list),
  remove: expose(passkeys.remove),
})
