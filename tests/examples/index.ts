import type { ActionName } from '@denizen/core/calls'
import { authExamples } from './auth.ts'
import type { Examples } from './example.ts'
import { authFactorExamples } from './auth-factor.ts'
import { authPasswordExamples } from './auth-password.ts'
import { authMailedExamples } from './auth-mailed.ts'
import { authExternalExamples } from './auth-external.ts'
import { authRefreshExamples } from './auth-refresh.ts'
import { authDeviceExamples } from './auth-device.ts'
import { authGuiseExamples } from './auth-guise.ts'
import { rolesExamples } from './roles.ts'
import { accessExclusionsExamples } from './access-exclusions.ts'
import { accessAssignmentsExamples } from './access-assignments.ts'
import { resourcesExamples } from './resources.ts'
import { accessDecisionsExamples } from './access-decisions.ts'
import { accessExplainingExamples } from './access-explaining.ts'
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
  ...authExamples,
  ...authFactorExamples,
  ...authPasswordExamples,
  ...authMailedExamples,
  ...authExternalExamples,
  ...authRefreshExamples,
  ...authDeviceExamples,
  ...authGuiseExamples,
  ...rolesExamples,
  ...accessExclusionsExamples,
  ...accessAssignmentsExamples,
  ...resourcesExamples,
  ...accessDecisionsExamples,
  ...accessExplainingExamples,
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
