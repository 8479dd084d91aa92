import { p } from '@mikro-orm/core'

/**
 * The tables of access control. Rows that refer to a tenant's rows carry that tenant in `home` (zeros for the installation), so that
 * foreign keys refuse a role, team or resource of another tenant. These keys share columns, which MikroORM cannot describe, so they are
 * only in the migration (0006-access).
 */
export const zeros = `'00000000-0000-0000-0000-000000000000'`

/** The tenant of a row, with zeros for the installation: foreign keys compare it. */
export const homeColumn = () => p.uuid().generated(`(coalesce(organization_id, ${zeros}::uuid)) stored`).nullable()
