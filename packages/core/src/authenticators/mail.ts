import type { Settings } from '../kernel/settings.ts'
import { mailTo } from '../mail/index.ts'
import type { Mail } from '../ports/index.ts'

/** The mail to a user whose second factors were reset. */
export function resetMail(email: string, settings: Pick<Settings, 'name' | 'publicUrl'>): Mail {
  const message = {
    title: 'Your second factor was removed',
    paragraphs: [
      'An administrator removed the authenticator app, the passkeys and the recovery codes from your account, and signed you out everywhere.',
      'Sign in and set up a second factor again. You cannot do anything else before that.',
    ],
    button: { label: 'Sign in', url: settings.publicUrl },
    notes: ['If you did not ask for this, tell your administrators now: somebody may be trying to get into your account.'],
  }
  return mailTo(email, message, settings)
}
