export { UserRow } from './entity.ts'
export * from './errors.ts'
export { keepLocked, lockUserToChange, lockUserUnread } from './locked.ts'
export { isManaged, keepsManagement, managedAmong, managingOrganization, ownsDomainOf } from './management.ts'
export {
  ManagedUser,
  User,
  otherUsername,
  username,
  usernameFrom,
  type Account,
  type UserId,
  type UserKind,
  type UserStatus,
} from './model.ts'
export {
  existingUser,
  findByIdentifier,
  lockAddress,
  lockUser,
  lockUserWith,
  parseIdentifier,
  ownAccount,
  type ParsedIdentifier,
} from './repository.ts'
export { withHold, type OperatorHold } from './operator-holds.ts'
export { isActing } from './rules.ts'
export {
  accountTarget,
  callerLocked,
  changedAccountTarget,
  controlledAccountTarget,
  patchedAccountTarget,
  changedNamedOrOwnAccountTarget,
  namedOrOwnAccountTarget,
  mayChangeAccount,
  ownAccountTarget,
  seesAllFields,
  visibleUser,
  namedUserOrCaller,
  withAccountGrants,
} from './target.ts'
export { skeletonExpression } from './search.ts'
export { storedSkeleton } from './usernames.ts'
