import { counted } from '../text/index.ts'
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
export const tooManyMails = defineError<{ of: 'your network' | 'this organization' | 'you' | 'this address'; retryAfter: number }>(
  'mail.tooMany',
  'limited',
  ({ of, retryAfter }) => {
    const minutes = Math.ceil(retryAfter / 60)
    const whose = of === 'this address' ? 'to this address' : `of ${of}`
    return `There were too many mails ${whose} within this hour. Try again in ${counted(minutes, 'minute')}.`
  },
)
