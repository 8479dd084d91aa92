import type { JobHandler } from '../kernel/job.ts'
import { rotateKeys } from './keyring.ts'

/** Runs hourly, although a rotation is due once a month: a process that was down at the time catches up. */
export const rotateSigningKeys: JobHandler = {
  name: 'tokens.rotateKeys',
  cron: '25 * * * *',
  async run({ em, ports }) {
    const { added, dropped } = await rotateKeys(em, ports)
    if (added + dropped > 0) ports.logger.info('Rotated the keys that sign tokens.', { added, dropped })
  },
}
