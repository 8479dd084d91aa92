export { UserRow } from './entity.ts'
export * from './errors.ts'
export { isManaged, managingOrganization, ownsDomainOf } from './management.ts'
export { ManagedUser, User, username, type Account, type UserId, type UserKind, type UserStatus } from './model.ts'
export { existingUser, findByIdentifier, lockUser, lockUserWith, namedBy, ownAccount, type Named } from './repository.ts'
export { isActing } from './rules.ts'
export { folded, foldedFullName } from './search.ts'
export {
  accountTarget,
  changedAccountTarget,
  changedMeantAccountTarget,
  meantAccountTarget,
  overAccount,
  ownAccountTarget,
  seesWhole,
  shownTo,
  userMeant,
} from './target.ts'
