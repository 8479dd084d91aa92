import { router } from '../trpc.ts'

export const identitiesRouter = router({})
