import { idSchema } from './id.ts'

/** The schemas of ids in inputs and outputs. They are here, not in the models, so that features can name each other's ids. */

export const assignmentId = idSchema('asg')
export const exclusionId = idSchema('exc')
export const identityId = idSchema('idn')
export const invitationId = idSchema('inv')
export const organizationId = idSchema('org')
export const passkeyId = idSchema('psk')
export const policyId = idSchema('pol')
export const resourceId = idSchema('res')
export const runId = idSchema('run')
export const roleId = idSchema('rol')
export const sessionId = idSchema('ses')
export const teamId = idSchema('team')
export const tokenId = idSchema('tok')
export const userId = idSchema('usr')
