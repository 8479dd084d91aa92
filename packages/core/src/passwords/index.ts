export { PasswordRow } from './entity.ts'
export { passwordsBusy } from './errors.ts'
export { newPassword } from './model.ts'
export { decoyHash, hashPassword, isOutdated, verifyPassword } from './verify.ts'
