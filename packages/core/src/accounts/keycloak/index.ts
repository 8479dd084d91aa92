export { lostIn } from './lost.ts'
export { rolesOf } from './roles.ts'
export { usersOf } from './users.ts'
