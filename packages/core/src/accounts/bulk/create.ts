import { defineCommand } from '../../kernel/action.ts'
import type { Item } from '../../kernel/input.ts'
import { granted } from '../../kernel/rule.ts'
import { lockOrganizations, optionalOrganizationTarget } from '../../organizations/index.ts'
import { hashPatiently } from '../../passwords/index.ts'
import { asToldByOperators, createAccount, type NewUser } from '../creation.ts'
import { answerOf, forEachOf, noteOutcome, type Place } from './outcome.ts'
import { bulkCreateUsersSignature } from './signatures.ts'

export const bulkCreateUsers = defineCommand(bulkCreateUsersSignature, {
  allow: granted,
  allowItem: asToldByOperators,
  target: optionalOrganizationTarget,
  async prepare({ ports }, { users }) {
    const hashes: (string | null)[] = []
    for (const user of users) {
      const password = user.ok ? user.value.password : undefined
      hashes.push(password === undefined ? null : await hashPatiently(ports.hasher, password))
    }
    return hashes
  },
  async handle(context, { organizationId = null, users }, hashes) {
    if (organizationId !== null) await lockOrganizations(context.em, [organizationId])
    const outcome = await forEachOf(context, inOrder(users), (user, index) => {
      if (!user.ok) throw user.error
      context.checkItem(user.value, null, null)
      return createAccount(context, user.value, hashes[index] ?? null, organizationId)
    })
    noteOutcome(context, outcome)
    return answerOf(outcome)
  },
})

/** By address, so that calls with the same addresses in other orders wait for each other, and never in a circle. */
function inOrder(users: readonly Item<NewUser>[]): Place<Item<NewUser>>[] {
  const keyOf = (user: Item<NewUser>) => (user.ok ? (user.value.email ?? user.value.username ?? '') : '')
  return users
    .map((item, index) => ({ index, item, key: keyOf(item) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
}
