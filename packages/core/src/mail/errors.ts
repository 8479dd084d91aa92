import { defineError } from '../kernel/errors.ts'

export const mailNotConfigured = defineError(
  'mail.notConfigured',
  'unavailable',
  'This needs mail, which is not configured here. The operator of this installation sets DENIZEN_SMTP_URL and DENIZEN_MAIL_FROM.',
)
export const mailRefused = defineError<{ reason: string }>(
  'mail.refused',
  'invalid',
  ({ reason }) => `The mail server refused this mail: ${reason}.`,
)
