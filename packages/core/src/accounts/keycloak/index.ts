export { lostIn } from './lost.ts'
export { realmCalledAlike, rolesOf, sharedWith } from './roles.ts'
export { usersOf } from './users.ts'
