import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

export const reviewProcedures = {
  review: expose(access.review),
}
