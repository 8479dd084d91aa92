import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import { openSealed } from '../kernel/sealed.ts'
import { equalInConstantTime, idInToken } from '../tokens/index.ts'
import { VerificationRow } from './entity.ts'
import type { VerificationPurpose } from './model.ts'
import { hashOfText } from './secret.ts'

/** A valid link. Inspecting does not consume it, and it may be consumed a moment later. */
export interface InspectedLink {
  readonly row: VerificationRow
  readonly payload: string | null
  /** Whether the caller also has the binding. */
  readonly sameBrowser: boolean
}

/** Finds the verification of a link's token; null: not valid, for whatever reason. */
export async function inspectLink(
  em: SqlEntityManager,
  ports: Pick<Ports, 'cipher' | 'digest'>,
  { token, binding = null }: { readonly token: string; readonly binding?: string | null | undefined },
  now: Date,
): Promise<InspectedLink | null> {
  const id = idInToken('verify', token)
  const row = id === null ? null : await em.findOne(VerificationRow, { id }, { disableIdentityMap: true })
  if (row === null || row.usedAt !== null || row.revokedAt !== null || row.expiresAt <= now) return null
  if (!equalInConstantTime(row.hash, await hashOfText(ports, row, token))) return null
  const payload = row.sealedPayload === null ? null : await openSealed(ports.cipher, `verification/${row.id}`, row.sealedPayload)
  const sameBrowser = row.bindingHash !== null && binding !== null && equalInConstantTime(row.bindingHash, ports.digest.sha256(binding))
  return { row, payload, sameBrowser }
}

/** Finds the verification of a code by its binding. Whether the code is valid is checked when it is consumed. */
export async function findByBinding(
  em: SqlEntityManager,
  ports: Pick<Ports, 'digest'>,
  purpose: VerificationPurpose,
  binding: string,
): Promise<Pick<VerificationRow, 'id' | 'userId' | 'email'> | null> {
  const id = idInToken('verify', binding)
  const row = id === null ? null : await em.findOne(VerificationRow, { id, purpose }, { disableIdentityMap: true })
  if (row === null || row.bindingHash === null) return null
  return equalInConstantTime(row.bindingHash, ports.digest.sha256(binding)) ? row : null
}
