import { z } from 'zod'
import { secret } from '../kernel/secret.ts'

/** The longest password; a phrase of a hundred words fits. */
const longest = 1024

/**
 * A password to be set: any characters, never trimmed, no rules of composition; long
 * ones are welcome. What else it has to be depends on whose it is: `checkNewPassword`.
 */
export const newPassword = secret(
  z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !text.includes('\u0000'), 'NUL characters are not allowed'),
).meta({ description: 'a phrase is best; 15 characters, or 8 where there is a second factor, if nothing else was configured' })
