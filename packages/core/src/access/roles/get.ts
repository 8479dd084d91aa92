import { defineQuery } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { existingRole, roleTarget, shownRole } from './repository.ts'
import { rolesSignatures as signatures } from './signatures.ts'

export const getRole = defineQuery(signatures.get, {
  allow: granted,
  target: roleTarget,
  async handle({ open }, { roleId }) {
    const em = await open()
    await existingRole(em, roleId)
    return shownRole(em, roleId)
  },
})
