import { defineError } from '../kernel/errors.ts'

export const mailNotConfigured = defineError(
  'mail.notConfigured',
  'unavailable',
  'This installation cannot send mail yet, and this needs a mail to arrive. Whoever runs it sets DENIZEN_SMTP_URL and DENIZEN_MAIL_FROM.',
)
export const mailRefused = defineError<{ reason: string }>(
  'mail.refused',
  'invalid',
  ({ reason }) => `The mail server will not take this mail: ${reason}.`,
)
