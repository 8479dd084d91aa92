import { mailNotConfigured } from '../mail/errors.ts'
import type { Mailer } from '../ports/mailer.ts'

/** For core without a mailer: rejects everything. */
export const noMailer: Mailer = { isConfigured: false, send: () => Promise.reject(mailNotConfigured({})) }
