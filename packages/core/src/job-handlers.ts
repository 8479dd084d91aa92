import { sendResetMail } from './authenticators/index.ts'
import { sendInvitation } from './invitations/deliver.ts'
import { sendAccountNotice } from './accounts/index.ts'
import type { JobHandler } from './kernel/job.ts'
import { workRun } from './jobs/index.ts'
import { sendVerification, withholdVerification } from './verifications/index.ts'

/** The handlers of queued work. Whoever runs a queue calls `core.work` with these names, and `core.queueDueRuns` every now and then. */
export const jobHandlers: readonly JobHandler[] = [
  workRun,
  sendAccountNotice,
  sendInvitation,
  sendResetMail,
  sendVerification,
  withholdVerification,
]
