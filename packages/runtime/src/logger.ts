import type { Logger } from '@denizen/core'
import { pino, type DestinationStream } from 'pino'
import type { LogLevel } from './config.ts'

const hidden = '[hidden]'

/** Every token of Denizen starts with `dnz_`; a PHC string starts with `$` and the name of its function. */
const secretText =
  /\bdnz_[A-Za-z0-9_-]+|\$(?:argon2(?:id|i|d)|(?:pbkdf2|scrypt|digest|hmac)[a-z0-9-]*|bcrypt|phpass|drupal|2[abxy]|1|apr1|5|6)\$[^\s"'}]+/g
/** The password of a connection string. */
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi
const secretField = /passw(or)?d|passphrase|secret|token$|^authorization$|cookie|api-?key|master-?key|private-?key|credential/i

const deepest = 6

/**
 * Structured logs: one JSON object a line, on standard error by default, because standard
 * output belongs to the program's answer. Callers must not log secrets; as a second line of
 * defence, fields and texts that look like secrets are hidden.
 */
export function pinoLogger(level: LogLevel, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Logger {
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination,
  )
  const write = (severity: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (log.isLevelEnabled(severity)) log[severity](redactFields(fields ?? {}, 0), redactText(message))
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function redactText(text: string): string {
  return text.replace(secretText, hidden).replace(urlPassword, `$1:${hidden}@`)
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, secretField.test(name) ? hidden : redact(value, depth + 1)]),
  )
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth > deepest) return '[deeper]'
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return redactFields(value, depth)
}

/** Only message, code and stack of an error: a driver's error has details that quote the row. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }
  return { type: error.name, message: redactText(error.message), ...code, stack: redactText(error.stack ?? ''), ...cause }
}
