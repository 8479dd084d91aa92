import type { JobHandler } from '../kernel/job.ts'
import { rotateKeys } from './keyring.ts'

/** Every hour, although there is something to do once a month: a process that was off at the time comes to it later. */
export const rotateSigningKeys: JobHandler = {
  name: 'tokens.rotateKeys',
  cron: '25 * * * *',
  async run({ em, ports }) {
    const { added, dropped } = await rotateKeys(em, ports)
    if (added + dropped > 0) ports.logger.info('Rotated the keys that sign tokens.', { added, dropped })
  },
}
