/**
 * Brings every vector of a folder in by the product's own import, and tries its password at the product's own sign-in:
 *
 *     node --conditions=@denizen/source scripts/check-hashes.ts <folder with hash-vectors.json>
 *
 * Those that match have to sign in, all others must not. It fails if the folder is missing.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { anonymousActor, createCore, defaultPorts, DenizenError, ormOptions, systemActor } from '@denizen/core'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { threadedHasher } from '../packages/runtime/src/argon2.ts'

interface Vector {
  readonly id: string
  readonly system: string
  readonly format: string
  readonly password: string
  readonly hash: string
  readonly extra?: Readonly<Record<string, unknown>>
  readonly match: boolean
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Name the folder that has hash-vectors.json.')
const vectors = JSON.parse(await readFile(join(folder, 'hash-vectors.json'), 'utf8')) as readonly Vector[]
if (vectors.length === 0) throw new Error('There is no vector in hash-vectors.json.')

/** The systems of the vectors, as the import names them. */
const systems: Readonly<Record<string, string>> = {
  'ASP.NET Identity': 'aspnet',
  LDAP: 'ldap',
  'Ory Kratos': 'kratos',
  'better-auth': 'better-auth',
  generic: 'phc',
  phpBB: 'phpbb',
}

function systemOf({ system, format }: Vector): string {
  if (format === 'marker') return 'crypt'
  if (format === 'salted-mediawiki') return 'mediawiki'
  return systems[system] ?? system.toLowerCase()
}

/** Firebase, Auth0 and Okta describe their hashes in an object. */
function passwordOf(vector: Vector) {
  const { extra = {}, hash, format, system } = vector
  const { hash_config: config, custom_password_hash: custom, ldif, ...plain } = extra
  const ofOkta = system === 'Okta' ? extra['hash'] : undefined
  const described = { ...(config as object | undefined), ...(custom as object | undefined), ...(ofOkta as object | undefined) }
  const parameters = { ...(format === 'scrypt-firebase' && { password_hasher: 'scrypt_firebase' }), ...plain, ...described }
  return { system: systemOf(vector), hash: format === 'ldap-ldif-base64' ? String(ldif) : hash, parameters }
}

const nameOf = ({ id }: Vector) => `vector-${id}`
const keycloak = vectors.filter(({ system }) => system === 'Keycloak')
const others = vectors.filter(({ system }) => system !== 'Keycloak')

const orm = await MikroORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } })
await orm.migrator.up()
const hasher = threadedHasher({ workers: 2, queueLimit: 1000 })
const ports = { ...(await defaultPorts(crypto.getRandomValues(new Uint8Array(32)))), hasher }
const core = createCore({ orm, ports })
await core.start()

const operator = core.as(systemActor('check-hashes'))
const anybody = core.as(anonymousActor)
const warned = new Map<string, string>()
const realm = await operator.users.import({
  format: 'keycloak',
  realm: {
    realm: 'vectors',
    users: keycloak.map((vector) => ({
      username: nameOf(vector),
      enabled: true,
      credentials: [{ type: 'password', secretData: vector.extra?.['secretData'], credentialData: vector.extra?.['credentialData'] }],
    })),
  },
})
const records = await operator.users.importRecords({
  source: 'vectors',
  users: others.map((vector) => ({ username: nameOf(vector), password: passwordOf(vector) })),
})
for (const { username, message } of [...realm.failed, ...records.failed, ...realm.warnings, ...records.warnings])
  warned.set(username, message)

async function signsIn(vector: Vector): Promise<boolean> {
  try {
    await anybody.auth.signIn({ identifier: nameOf(vector), password: vector.password })
    return true
  } catch (error) {
    const refusals = ['auth.invalidCredentials', ...(vector.password === '' ? ['request.invalid'] : [])]
    if (error instanceof DenizenError && refusals.includes(error.code)) return false
    throw error
  }
}

const wrong: string[] = []
let [matching, refused, empty] = [0, 0, 0]
const started = performance.now()
const queue = [...vectors]
async function work(): Promise<void> {
  for (let vector = queue.pop(); vector !== undefined; vector = queue.pop()) {
    const signedIn = await signsIn(vector)
    if (vector.password === '' && vector.match) empty++
    else if (signedIn && vector.match) matching++
    else if (!signedIn && !vector.match) refused++
    else {
      const { id, system, format, extra, match } = vector
      const optional = extra?.['optional'] === true ? ' (optional)' : ''
      wrong.push(`${id} ${system} ${format}${optional}: ${match ? 'does not sign in' : 'signs in'}. ${warned.get(nameOf(vector)) ?? ''}`)
    }
  }
}
await Promise.all(Array.from({ length: 8 }, work))
await core.stop()
await hasher.close()
await orm.close()

console.log(
  `${vectors.length} vectors in ${Math.round((performance.now() - started) / 1000)} s: ${matching} match and sign in, ${refused} do not match and are refused, ${empty} match an empty password, with which nobody signs in.`,
)
for (const line of wrong.toSorted()) console.error(line)
process.exitCode = wrong.length > 0 ? 1 : 0
