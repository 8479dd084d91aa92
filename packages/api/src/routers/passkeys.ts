import { router } from '../trpc.ts'

export const passkeysRouter = router({})
