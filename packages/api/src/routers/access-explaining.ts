import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

export const explainingProcedures = {
  at: expose(access.at),
  compare: expose(access.compare),
  explain: expose(access.explain),
}
