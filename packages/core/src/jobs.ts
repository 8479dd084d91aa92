import { sendResetNotice } from './authenticators/index.ts'
import { sendInvitation } from './invitations/deliver.ts'
import { sendAccountNotice } from './accounts/index.ts'
import type { JobHandler } from './kernel/job.ts'
import { rotateSigningKeys } from './tokens/index.ts'
import { sendVerification, withholdVerification } from './verifications/index.ts'

/** The handlers of jobs that actions queue or that run on a schedule. Whoever runs a queue calls `core.work` with these names. */
export const jobHandlers: readonly JobHandler[] = [
  rotateSigningKeys,
  sendAccountNotice,
  sendInvitation,
  sendResetNotice,
  sendVerification,
  withholdVerification,
]
