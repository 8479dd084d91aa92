import { ormOptions, type Logger } from '@denizen/core'
import type { Options } from '@mikro-orm/core'

/** Sends MikroORM's messages to our log. By default it writes to standard output, which belongs to the program's answer. */
export function ormLogging(logger: Logger): Pick<Options, 'logger' | 'colors' | 'migrations'> {
  return {
    logger: (message: string) => logger.warn(message),
    colors: false,
    migrations: { ...ormOptions().migrations, silent: true },
  }
}
