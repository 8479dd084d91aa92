import { ExclusionMemberRow, ExclusionRow } from '../access/separation/entity.ts'
import { PermissionUseRow } from '../access/review/entity.ts'
import { RoleAssignmentRow } from '../access/assignments/entity.ts'
import { RoleClosureRow, RoleInclusionRow, RolePermissionRow, RoleRow } from '../access/roles/entity.ts'
import { RoleCounterRow, UserActivityRow, UserCounterRow, UserCreationCounterRow } from '../accounts/activity/entity.ts'
import { AuditEntryRow } from '../audit/entity.ts'
import { EventRow } from '../events/entity.ts'
import { RecoveryCodeRow, TotpFactorRow } from '../authenticators/entity.ts'
import { FormerStateRow } from '../history/entity.ts'
import { IdempotencyKeyRow } from '../idempotency/entity.ts'
import { IdentityRow, ProviderEventRow } from '../identities/entity.ts'
import { JobRunRow } from '../jobs/entity.ts'
import { InvalidationRow } from '../invalidation/entity.ts'
import { InvitationRow } from '../invitations/entity.ts'
import { DomainRow, MembershipRow, OrganizationRow } from '../organizations/entity.ts'
import { PasskeyRow } from '../passkeys/entity.ts'
import { FormerPasswordRow, PasswordRow } from '../passwords/entity.ts'
import { PolicyRow, RequestWindowRow } from '../policies/entity.ts'
import { ResourceRow } from '../resources/entity.ts'
import { SessionRow } from '../sessions/entity.ts'
import { DeviceLoginRow } from '../signin/device/entity.ts'
import { ThrottleRow } from '../throttling/entity.ts'
import { ChallengeRow } from '../challenges/entity.ts'
import { LoginAttemptRow } from '../login-history/entity.ts'
import { TeamMemberRow, TeamRow } from '../teams/entity.ts'
import { ReceiptKeyRow, SigningKeyRow, TokenRow } from '../tokens/entity.ts'
import { UserRow } from '../users/entity.ts'
import { VerificationRow } from '../verifications/entity.ts'

/** All tables of Denizen. */
export const entities = [
  UserRow,
  UserActivityRow,
  UserCounterRow,
  UserCreationCounterRow,
  RoleCounterRow,
  PasswordRow,
  FormerPasswordRow,
  OrganizationRow,
  MembershipRow,
  DomainRow,
  TeamRow,
  TeamMemberRow,
  InvitationRow,
  RoleRow,
  RolePermissionRow,
  RoleInclusionRow,
  RoleClosureRow,
  ExclusionRow,
  ExclusionMemberRow,
  ResourceRow,
  RoleAssignmentRow,
  PermissionUseRow,
  PolicyRow,
  RequestWindowRow,
  FormerStateRow,
  SessionRow,
  TokenRow,
  SigningKeyRow,
  ReceiptKeyRow,
  LoginAttemptRow,
  ChallengeRow,
  ThrottleRow,
  DeviceLoginRow,
  VerificationRow,
  TotpFactorRow,
  RecoveryCodeRow,
  PasskeyRow,
  IdentityRow,
  ProviderEventRow,
  AuditEntryRow,
  EventRow,
  IdempotencyKeyRow,
  InvalidationRow,
  JobRunRow,
]
