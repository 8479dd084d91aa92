import { mailNotConfigured, signUpClosed, type Core, type DenizenError } from '@denizen/core'

/** Where somebody who forgot the password asks for a link. */
export const forgottenPath = '/forgot-password'
/** Where somebody signs up; the mailed link leads on. */
export const signUpRequestPath = '/sign-up'

/**
 * Why a page that asks for a mail cannot work here; null: it can. The action says the same, but only after somebody has typed a password.
 */
export function refusalOf({ ports, settings }: Core, path: string): DenizenError | null {
  if (path === signUpRequestPath && settings.signUp !== 'open') return signUpClosed({})
  return ports.mailer.isConfigured ? null : mailNotConfigured({})
}
