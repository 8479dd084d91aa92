import { checkHeaders, type Mail } from '@denizen/core'
import type { Sender } from './mail-settings.ts'

/**
 * A mail as nodemailer takes it. Addresses are handed over as they are, not as text
 * that is read again: one that holds a comma would become two. Nothing in it
 * makes nodemailer read a file or fetch a URL.
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
