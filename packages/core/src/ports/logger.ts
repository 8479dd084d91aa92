export type LogFields = Readonly<Record<string, unknown>>

/** Structured logs. Never hand it a secret or a payload. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
