import { defineQuery } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { optionalOrganizationTarget } from '../../organizations/index.ts'
import { directorySignatures } from '../directory/signatures.ts'
import { censusOfAll, censusOfManaged } from './census.ts'
import { statisticsOf } from './statistics.ts'

export const userStats = defineQuery(directorySignatures.stats, {
  oneSnapshot: true,
  allow: granted,
  target: optionalOrganizationTarget,
  async handle({ open, now }, { organizationId }) {
    const em = await open()
    if (organizationId === undefined) return statisticsOf(await censusOfAll(em, now), ['superadmin'])
    const { roles, ...census } = await censusOfManaged(em, organizationId, now)
    return statisticsOf({ ...census, roles: { owner: 0, admin: 0, member: 0, ...roles } }, ['owner', 'admin'])
  },
})
