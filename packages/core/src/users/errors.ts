import { defineError } from '../kernel/errors.ts'

export const emailTaken = defineError('users.emailTaken', 'conflict', 'Another user has this email address.')
export const usernameTaken = defineError('users.usernameTaken', 'conflict', 'Another user has this username.')
export const lastSuperadmin = defineError('users.lastSuperadmin', 'conflict', 'This is the last active superadmin. Make another one first.')
