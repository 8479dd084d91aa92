import { RoleAssignmentRow, RolePermissionRow, RoleRow } from '../access/entity.ts'
import { RoleCounterRow, UserActivityRow, UserCounterRow, UserCreationCounterRow } from '../accounts/activity/entity.ts'
import { AuditEntryRow } from '../audit/entity.ts'
import { EventRow } from '../events/entity.ts'
import { IdempotencyKeyRow } from '../idempotency/entity.ts'
import { InvalidationRow } from '../invalidation/entity.ts'
import { InvitationRow } from '../invitations/entity.ts'
import { DomainRow, MembershipRow, OrganizationRow } from '../organizations/entity.ts'
import { PasswordRow } from '../passwords/entity.ts'
import { SessionRow } from '../sessions/entity.ts'
import { LoginAttemptRow } from '../signin/entity.ts'
import { TeamMemberRow, TeamRow } from '../teams/entity.ts'
import { TokenRow } from '../tokens/entity.ts'
import { UserRow } from '../users/entity.ts'

/** Every table of Denizen. */
export const entities = [
  UserRow,
  UserActivityRow,
  UserCounterRow,
  UserCreationCounterRow,
  RoleCounterRow,
  PasswordRow,
  OrganizationRow,
  MembershipRow,
  DomainRow,
  TeamRow,
  TeamMemberRow,
  InvitationRow,
  RoleRow,
  RolePermissionRow,
  RoleAssignmentRow,
  SessionRow,
  TokenRow,
  LoginAttemptRow,
  AuditEntryRow,
  EventRow,
  IdempotencyKeyRow,
  InvalidationRow,
]
