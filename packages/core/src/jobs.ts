import { sendResetNotice } from './factors/index.ts'
import { sendInvitation } from './invitations/sending.ts'
import type { JobHandler } from './kernel/job.ts'
import { sendVerification } from './verifications/index.ts'

/** The jobs that actions ask for. Whoever runs a queue calls `core.work` for each of these names. */
export const jobHandlers: readonly JobHandler[] = [sendInvitation, sendResetNotice, sendVerification]
