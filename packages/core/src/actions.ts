import { createUser, currentUser, setUserStatus } from './accounts/actions.ts'
import { importUsers } from './accounts/import/action.ts'
import type { Signatures } from './contract.ts'
import type { Action } from './kernel/action.ts'
import { whoAmI } from './sessions/actions.ts'
import { signIn, signOut } from './signin/actions.ts'
import { findUser, getUser, listUsers, updateUser } from './users/actions.ts'

/** Every action, by namespace; none that contract.ts names is missing, and none is one that it does not name. */
export const actionTree: { readonly [Namespace in keyof Signatures]: { readonly [Verb in keyof Signatures[Namespace]]: Action } } = {
  auth: { signIn, signOut },
  sessions: { whoami: whoAmI },
  users: {
    create: createUser,
    current: currentUser,
    find: findUser,
    get: getUser,
    import: importUsers,
    list: listUsers,
    setStatus: setUserStatus,
    update: updateUser,
  },
}

/** The same, by name. */
export const actions: ReadonlyMap<string, Action> = new Map(
  Object.values(actionTree)
    .flatMap((namespace) => Object.values<Action>(namespace))
    .map((action) => [action.signature.name, action]),
)
