import { skeletonExpression } from './search.ts'

/**
 * The indexes of lists and searches that MikroORM cannot describe. Their
 * reasons are in the migration that creates them (0003-directory).
 */
/** Two usernames that look the same cannot both be. */
export const usersSkeletonUnique = 'users_look_unique'
export const skeletonIndex = `create unique index "${usersSkeletonUnique}" on "users" (${skeletonExpression})`

export const directoryIndexes = [
  ['users_status_index', `("status", "created_at", "id") where "status" <> 'active'`],
  ['users_kind_index', `("kind", "created_at", "id") where "kind" <> 'human'`],
  ['users_without_email_index', `("id") where "email" is null`],
  ['users_full_name_index', `("folded_full_name", "id") where "folded_full_name" is not null`],
  ['users_search_index', `using gin ("search_text" gin_trgm_ops)`],
] as const
