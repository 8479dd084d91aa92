import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'
import { factorProcedures } from './auth-factor.ts'
import { passwordProcedures } from './auth-password.ts'
import { mailedProcedures } from './auth-mailed.ts'
import { externalProcedures } from './auth-external.ts'
import { refreshProcedures } from './auth-refresh.ts'
import { deviceProcedures } from './auth-device.ts'
import { guiseProcedures } from './auth-guise.ts'

const { auth } = signatures

export const authRouter = router({
  signIn: expose(auth.signIn),
  signOut: expose(auth.signOut),
  ...factorProcedures,
  ...passwordProcedures,
  ...mailedProcedures,
  ...externalProcedures,
  ...refreshProcedures,
  ...deviceProcedures,
  ...guiseProcedures,
})
