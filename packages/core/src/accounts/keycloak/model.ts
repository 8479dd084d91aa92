import { z } from 'zod'
import { foreignObject, limitedTo, longList, wholeForeignObject } from '../../kernel/input.ts'
import { secret } from '../../kernel/secret.ts'
import { singleLine } from '../../text/index.ts'

/** Characters of JSON. A larger record is not read. */
export const largestRecord = 1024 ** 2

/** A record of the file. Each is parsed by itself when it is imported, so that one that cannot be read does not stop the others. */
const record = limitedTo(largestRecord, z.custom<unknown>())

/**
 * The parts of a Keycloak realm export about users and realm roles
 * (https://www.keycloak.org/docs-api/latest/rest-api/#RealmRepresentation).
 * Everything else is only counted.
 */
export const keycloakRealm = wholeForeignObject({
  realm: singleLine(255).refine((name) => name !== '', 'a name is needed'),
  users: longList(secret(record.meta({ description: 'a user as Keycloak exports it (UserRepresentation)' })))
    .max(1000)
    .default([]),
  roles: wholeForeignObject({
    realm: longList(record.meta({ description: 'a role as Keycloak exports it (RoleRepresentation)' }))
      .max(10_000)
      .default([]),
  }).nullish(),
})
export type KeycloakRealm = z.infer<typeof keycloakRealm>

/** An entry of `credentials`, of whatever type. Versions before 8 have the hash beside it, later ones in texts of JSON. */
export const keycloakCredential = foreignObject({
  type: z.string().max(64).nullish(),
  value: z.string().max(1024).nullish(),
  temporary: z.boolean().nullish(),
  secretData: z.string().max(4096).nullish(),
  credentialData: z.string().max(4096).nullish(),
  hashedSaltedValue: z.string().max(4096).nullish(),
  salt: z.string().max(1024).nullish(),
  hashIterations: z.int().nullish(),
  algorithm: z.string().max(64).nullish(),
})
export type KeycloakCredential = z.infer<typeof keycloakCredential>

export const keycloakUser = foreignObject({
  id: z.unknown().optional(),
  username: z.string().max(1024).nullish(),
  email: z.string().max(1024).nullish(),
  /** Anything but true or false is read as false, and reported. */
  emailVerified: z.unknown().optional(),
  enabled: z.unknown().optional(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  credentials: z.array(z.unknown()).max(100).nullish(),
  realmRoles: longList(z.string().max(1024)).max(10_000).nullish(),
  requiredActions: z.array(z.string().max(255)).max(100).nullish(),
  serviceAccountClientId: z.string().max(255).nullish(),
})
export type KeycloakUser = z.infer<typeof keycloakUser>
