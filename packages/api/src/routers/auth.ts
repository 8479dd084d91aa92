import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { auth } = signatures

export const authRouter = router({
  signIn: expose(auth.signIn),
  signOut: expose(auth.signOut),
})
