import type { Action } from './action.ts'
import type { Signature } from './signature.ts'

/** An error in the registration of actions: the program does not start. */
class RegistryError extends Error {
  override readonly name = 'RegistryError'
}

/**
 * The actions that modules export, by name and in the order of the contract. Throws if a signature has no handler or two, and if a
 * handler's signature is not in the contract.
 */
export function actionsIn(modules: readonly object[], contract: readonly Signature[]): ReadonlyMap<string, Action> {
  const found = new Map<Signature, Action>()
  for (const action of modules.flatMap((module) => Object.values(module)).filter(isAction)) {
    const { signature } = action
    if (!contract.includes(signature))
      throw new RegistryError(
        `${signature.name} has a handler, but is not in the contract: put its group into packages/core/src/contract.ts`,
      )
    if (found.has(signature)) throw new RegistryError(`${signature.name} has two handlers`)
    found.set(signature, action)
  }
  return new Map(contract.map((signature) => [signature.name, handlerOf(found, signature)]))
}

function handlerOf(found: ReadonlyMap<Signature, Action>, signature: Signature): Action {
  const action = found.get(signature)
  if (action === undefined)
    throw new RegistryError(`${signature.name} has no handler: export one from a module that packages/core/src/handlers.ts names`)
  return action
}

function isAction(value: unknown): value is Action {
  return typeof value === 'object' && value !== null && 'signature' in value && 'handle' in value
}
