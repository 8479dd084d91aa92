export { insertUser } from './account.ts'
export { writeLastSeen } from './activity/repository.ts'
export { usernameFor } from './creation.ts'
