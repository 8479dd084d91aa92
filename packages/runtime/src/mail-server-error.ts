/** The mail server is away, or its configuration is wrong: the same for every mail until somebody mends it. `code` is Node's or nodemailer's. */
export class MailServerError extends Error {
  override readonly name = 'MailServerError'
  readonly code: string

  constructor(said: string, code: string) {
    super(`The mail server did not accept an email: ${said}`)
    this.code = code
  }
}

/** The failure of the mail server behind an error; null: it is another one. */
export function mailServerErrorIn(error: unknown): MailServerError | null {
  if (!(error instanceof Error)) return null
  return error instanceof MailServerError ? error : mailServerErrorIn(error.cause)
}
