import { defineError } from '../kernel/errors.ts'

/** One answer for an unknown user, a wrong password, a user who may not act and one who may not from here: the difference is nobody's business. */
export const invalidCredentials = defineError('auth.invalidCredentials', 'unauthenticated', 'The user or the password is wrong.')
