import type { LogFields, Logger } from '../ports/logger.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** Logs messages of the level or above as lines of JSON to standard error. */
export function consoleLogger(lowest: (typeof levels)[number]): Logger {
  const write =
    (level: (typeof levels)[number]) =>
    (message: string, fields: LogFields = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(lowest)) return
      console.error(JSON.stringify({ level, message, ...fields }, (_, value: unknown) => (value instanceof Error ? String(value) : value)))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
