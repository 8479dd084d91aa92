import type { ActionName } from '@denizen/core/calls'
import { authExamples } from './examples/auth.ts'
import type { Examples } from './examples/example.ts'
import { authFactorExamples } from './examples/auth-factor.ts'
import { authPasswordExamples } from './examples/auth-password.ts'
import { authMailedExamples } from './examples/auth-mailed.ts'
import { authExternalExamples } from './examples/auth-external.ts'
import { authRefreshExamples } from './examples/auth-refresh.ts'
import { authDeviceExamples } from './examples/auth-device.ts'
import { authGuiseExamples } from './examples/auth-guise.ts'
import { rolesExamples } from './examples/roles.ts'
import { accessExclusionsExamples } from './examples/access-exclusions.ts'
import { accessAssignmentsExamples } from './examples/access-assignments.ts'
import { resourcesExamples } from './examples/resources.ts'
import { accessDecisionsExamples } from './examples/access-decisions.ts'
import { accessExplainingExamples } from './examples/access-explaining.ts'
import { accessReviewExamples } from './examples/access-review.ts'
import { accessCodeExamples } from './examples/access-code.ts'
import { policiesExamples } from './examples/policies.ts'
import { factorsExamples } from './examples/factors.ts'
import { passkeysExamples } from './examples/passkeys.ts'
import { identitiesExamples } from './examples/identities.ts'
import { sessionsExamples } from './examples/sessions.ts'
import { tokensExamples } from './examples/tokens.ts'
import { organizationExamples } from './examples/organizations.ts'
import { teamExamples } from './examples/teams.ts'
import { bulkExamples } from './examples/users-bulk.ts'
import { invitationExamples } from './examples/invitations.ts'
import { activityExamples } from './examples/users-activity.ts'
import { creationExamples } from './examples/users-create.ts'
import { directoryExamples } from './examples/users-directory.ts'
import { lifecycleExamples } from './examples/users-lifecycle.ts'
import { profileExamples } from './examples/users-profile.ts'

export type { Examples, FaceWorld, Prepared } from './examples/example.ts'

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
