import { Caches } from './caches.ts'
import type { ActionKind, Catalogue, Signature } from './signature.ts'

type Listed = Pick<Signature, 'name' | 'kind'>

class ActionCatalogue extends Map<string, ActionKind> implements Catalogue {
  readonly caches: Caches

  constructor(actions: readonly Listed[], caches: Caches) {
    super(actions.map(({ name, kind }) => [name, kind]))
    this.caches = caches
  }
}

/** @param caches of the assembly; default: the catalogue's own */
export function catalogueOf(actions: readonly Listed[], caches = new Caches()): Catalogue {
  return new ActionCatalogue(actions, caches)
}
