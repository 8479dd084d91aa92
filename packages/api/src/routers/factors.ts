import { router } from '../trpc.ts'

export const factorsRouter = router({})
