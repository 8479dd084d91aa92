/** A message to one address, in the two forms that programs show: as plain text and as HTML. */
export interface Mail {
  /** One address, as `users/model.ts` has them. */
  readonly to: string
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Hands mail to whoever delivers it. Only jobs send: a mail server may be slow, or away for hours. */
export interface Mailer {
  /** false: there is nobody to hand mail to. Whoever needs a mail to arrive refuses at once, with `mail.notConfigured`. */
  readonly isConfigured: boolean
  /**
   * Resolves when somebody else has taken the mail over. Rejects with `mail.refused`
   * when it will never be taken, so that nobody tries again; with a TypeError when
   * the address or the subject would break out of its header; with anything else
   * when it may be tried again.
   */
  send(mail: Mail): Promise<void>
}
