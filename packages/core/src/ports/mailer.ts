/** A message to one address, as plain text and as HTML. */
export interface Mail {
  /** One address, as in `users/model.ts`. */
  readonly to: string
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Sends mail. Only jobs use it: a mail server may be slow, or down for hours. */
export interface Mailer {
  /** false: mail cannot be sent. Actions that need mail throw `mail.notConfigured` at once. */
  readonly isConfigured: boolean
  /**
   * Resolves when a mail server has accepted the message. Rejects with `mail.refused` if it never will, so that there is no retry; with a
   * TypeError if the address or subject would break out of its header; with anything else for a retry.
   */
  send(mail: Mail): Promise<void>
}
