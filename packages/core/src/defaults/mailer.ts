import { mailNotConfigured } from '../mail/errors.ts'
import type { Mailer } from '../ports/mailer.ts'

/** For a core that nobody gave a mailer: whatever needs mail says so at once. */
export const noMailer: Mailer = { isConfigured: false, send: () => Promise.reject(mailNotConfigured({})) }
