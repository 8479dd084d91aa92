import { sendResetNotice } from './authenticators/index.ts'
import { sendInvitation } from './invitations/deliver.ts'
import type { JobHandler } from './kernel/job.ts'
import { rotateSigningKeys } from './tokens/index.ts'
import { sendVerification } from './verifications/index.ts'

/** The jobs that actions ask for, or that are due from time to time. Whoever runs a queue calls `core.work` for each of these names. */
export const jobHandlers: readonly JobHandler[] = [rotateSigningKeys, sendInvitation, sendResetNotice, sendVerification]
