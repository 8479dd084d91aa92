import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import type { Settings } from './context.ts'
import type { Job } from './event.ts'
import type { Catalogue } from './signature.ts'

/** What a job gets. No transaction is open. */
export interface JobContext {
  readonly now: Date
  readonly em: SqlEntityManager
  readonly ports: Ports
  readonly settings: Settings
  readonly catalogue: Catalogue
}

/** Carries out the jobs of one name. Called again when it throws, and perhaps twice when it does not. */
export interface JobHandler {
  readonly name: string
  /** It needs somebody outside who may be away for long: it is tried again for most of a day, not for a minute. */
  readonly outside?: true
  /** When it is done without being asked for (cron, UTC). */
  readonly cron?: string
  run(context: JobContext, payload: Job['payload']): Promise<void>
}
