import type { ActionName } from '@denizen/core/calls'
import { authExamples } from './examples/auth.ts'
import type { Examples } from './examples/example.ts'
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
  ...bulkExamples,
  ...creationExamples,
  ...directoryExamples,
  ...invitationExamples,
  ...lifecycleExamples,
  ...organizationExamples,
  ...profileExamples,
  ...teamExamples,
}
