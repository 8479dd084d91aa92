import { sendResetMail } from './authenticators/index.ts'
import { sendInvitation } from './invitations/deliver.ts'
import { sendAccountNotice } from './accounts/index.ts'
import type { JobHandler } from './kernel/job.ts'
import { rotateSigningKeys } from './tokens/index.ts'
import { sendVerification, withholdVerification } from './verifications/index.ts'

/**
 * The handlers of jobs that actions queue, and of rotating the signing keys. Whoever runs a queue calls `core.work` with these names. What
 * tidies the database on a schedule (partitions, rows that are over) is in `maintenance.ts` of the runtime.
 */
export const jobHandlers: readonly JobHandler[] = [
  rotateSigningKeys,
  sendAccountNotice,
  sendInvitation,
  sendResetMail,
  sendVerification,
  withholdVerification,
]
