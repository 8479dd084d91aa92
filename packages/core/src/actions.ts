import { createUser, currentUser, setUserStatus } from './accounts/actions.ts'
import { importUsers } from './accounts/import/action.ts'
import type { Action } from './kernel/action.ts'
import { whoAmI } from './sessions/actions.ts'
import { signIn, signOut } from './signin/actions.ts'
import { findUser, getUser, listUsers, updateUser } from './users/actions.ts'

/** Every action, by namespace. Its shape is that of `signatures` in contract.ts; a test holds the two together. */
export const actionTree = {
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
} as const

/** The same, by name. */
export const actions: ReadonlyMap<string, Action> = new Map(
  Object.values(actionTree)
    .flatMap((namespace) => Object.values<Action>(namespace))
    .map((action) => [action.signature.name, action]),
)
