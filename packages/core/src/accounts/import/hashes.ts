import { defineQuery } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { heldHashes } from '../../passwords/index.ts'
import { accountsSignatures } from '../signatures.ts'

export const countHashes = defineQuery(accountsSignatures.hashes, {
  allow: granted,
  async handle({ open }) {
    const kinds = await heldHashes(await open())
    return { total: kinds.reduce((sum, { count }) => sum + count, 0), kinds: [...kinds] }
  },
})
