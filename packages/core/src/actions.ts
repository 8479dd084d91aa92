import { signatures } from './contract.ts'
import * as handlers from './handlers.ts'
import { actionsIn } from './kernel/registry.ts'

/** All actions of the contract, by name. */
export const actions = actionsIn(
  Object.values(handlers),
  Object.values(signatures).flatMap((namespace) => Object.values(namespace)),
)
