import type { ActionName } from '@denizen/core/calls'
import { authExamples } from './auth.ts'
import type { Examples } from './example.ts'
import { authMfaExamples } from './auth-mfa.ts'
import { authPasswordExamples } from './auth-password.ts'
import { authPasswordlessExamples } from './auth-passwordless.ts'
import { authExternalExamples } from './auth-external.ts'
import { authRefreshExamples } from './auth-refresh.ts'
import { authDeviceExamples } from './auth-device.ts'
import { authImpersonationExamples } from './auth-impersonation.ts'
import { rolesExamples } from './roles.ts'
import { accessSeparationExamples } from './access-separation.ts'
import { accessAssignmentsExamples } from './access-assignments.ts'
import { resourcesExamples } from './resources.ts'
import { accessDecisionsExamples } from './access-decisions.ts'
import { accessExplainExamples } from './access-explain.ts'
import { accessReviewExamples } from './access-review.ts'
import { accessCodeExamples } from './access-code.ts'
import { policiesExamples } from './policies.ts'
import { factorsExamples } from './factors.ts'
import { passkeysExamples } from './passkeys.ts'
import { identitiesExamples } from './identities.ts'
import { sessionsExamples } from './sessions.ts'
import { tokensExamples } from './tokens.ts'
import { organizationExamples } from './organizations.ts'
import { teamExamples } from './teams.ts'
import { bulkExamples } from './users-bulk.ts'
import { jobsExamples } from './jobs.ts'
import { invitationExamples } from './invitations.ts'
import { activityExamples } from './users-activity.ts'
import { creationExamples } from './users-create.ts'
import { directoryExamples } from './users-directory.ts'
import { lifecycleExamples } from './users-lifecycle.ts'
import { profileExamples } from './users-profile.ts'

export type { Examples, FaceWorld, Named, Prepared } from './example.ts'

/** Every action has its examples here; one without fails the test by its name. */
export const examples: Readonly<Record<ActionName, Examples>> = {
  ...activityExamples,
  ...jobsExamples,
  ...authExamples,
  ...authMfaExamples,
  ...authPasswordExamples,
  ...authPasswordlessExamples,
  ...authExternalExamples,
  ...authRefreshExamples,
  ...authDeviceExamples,
  ...authImpersonationExamples,
  ...rolesExamples,
  ...accessSeparationExamples,
  ...accessAssignmentsExamples,
  ...resourcesExamples,
  ...accessDecisionsExamples,
  ...accessExplainExamples,
  ...accessReviewExamples,
  ...accessCodeExamples,
  ...policiesExamples,
  ...factorsExamples,
  ...passkeysExamples,
  ...identitiesExamples,
  ...sessionsExamples,
  ...tokensExamples,
  ...bulkExamples,
  ...creationExamples,
  ...directoryExamples,
  ...invitationExamples,
  ...lifecycleExamples,
  ...organizationExamples,
  ...profileExamples,
  ...teamExamples,
}
