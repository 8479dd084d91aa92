import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { permissionsByRole } from './built-in-roles.ts'
import { kinds } from '../calls/kinds.ts'
import { catalogueOf } from '../kernel/catalogue.ts'
import { listPermissions, permissionsOf } from './permissions.ts'

describe('the built-in roles', () => {
  test('hold what roles.golden.txt says, and nothing else (npm run generate writes it: look at what it changes)', async () => {
    const golden = await readFile(new URL('../../roles.golden.txt', import.meta.url), 'utf8')
    const catalogue = catalogueOf(Object.entries(kinds).map(([name, kind]) => ({ name, kind })))
    const held = Object.entries(permissionsByRole).flatMap(([role, patterns]) =>
      listPermissions(permissionsOf(catalogue, patterns)).map((permission) => `${role} ${permission}`),
    )
    expect(held).toEqual(golden.trimEnd().split('\n'))
  })
})
