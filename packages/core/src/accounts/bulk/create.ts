import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { DenizenError } from '../../kernel/errors.ts'
import type { Item } from '../../kernel/input.ts'
import { granted } from '../../kernel/rule.ts'
import { lockOrganizations, optionalOrganizationTarget } from '../../organizations/index.ts'
import { checkNewPassword, hashPatiently } from '../../passwords/index.ts'
import { mayGivePrivateMetadata, createAccount, type NewUser } from '../create.ts'
import { bulkAnswer, runBatch, noteOutcome, type BatchItem } from './outcome.ts'
import { bulkSignatures } from './signatures.ts'

export const bulkCreateUsers = defineCommand(bulkSignatures.bulkCreate, {
  allow: granted,
  allowItem: mayGivePrivateMetadata,
  target: optionalOrganizationTarget,
  async prepare(context, { users }) {
    const hashes: (string | null | DenizenError)[] = []
    for (const user of users) hashes.push(user.ok ? await hashOf(context, user.value) : null)
    return hashes
  },
  async handle(context, { organizationId = null, users }, hashes) {
    if (organizationId !== null) await lockOrganizations(context.em, [organizationId])
    const outcome = await runBatch(context, inOrder(users), (user, index) => {
      if (!user.ok) throw user.error
      context.checkItem(user.value, null, null)
      const hash = hashes[index] ?? null
      if (hash instanceof DenizenError) throw hash
      return createAccount(context, user.value, hash, organizationId)
    })
    noteOutcome(context, outcome)
    return bulkAnswer(outcome)
  },
})

/** The hash of a user's password; null: no password; an error: the password is not allowed, and the other items go on. */
async function hashOf({ ports, settings }: PrepareContext, { password, ...owner }: NewUser): Promise<string | null | DenizenError> {
  if (password === undefined) return null
  try {
    await checkNewPassword(settings, password, owner)
  } catch (error) {
    if (error instanceof DenizenError) return error
    throw error
  }
  return hashPatiently(ports.hasher, password)
}

/** Ordered by address, so that calls with the same addresses wait for each other without deadlock. */
function inOrder(users: readonly Item<NewUser>[]): BatchItem<Item<NewUser>>[] {
  const keyOf = (user: Item<NewUser>) => (user.ok ? (user.value.email ?? user.value.username ?? '') : '')
  return users
    .map((item, index) => ({ index, item, key: keyOf(item) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
}
