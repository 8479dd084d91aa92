import { checkHeaders, type Mail } from '@denizen/core'
import type { Sender } from './mail-settings.ts'

/**
 * An email as nodemailer takes it. Addresses are passed as objects: as text they would be
 * parsed again, and one that holds a comma would become two. nodemailer may neither read
 * files nor fetch URLs.
 */
export function messageOf(from: Sender, mail: Mail) {
  checkHeaders(mail)
  const { to, subject, text, html } = mail
  return {
    from: { name: from.name, address: from.address },
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
