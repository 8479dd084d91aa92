import { defaultSettings } from '@denizen/core'
import { afterAll, beforeAll } from 'vitest'
import { startMailServer, type MailServer } from '../../packages/runtime/src/testing/mail-server.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'
import type { FaceWorld } from '../examples/index.ts'
import { endPrograms, startServer } from '../processes.ts'
import { Newcomers, proofUse } from './newcomers.ts'

/** A world, and the server in it that every face but the one in process goes to. */
export interface Place {
  readonly database: SystemDatabase
  readonly url: string
  /** Its admin has proved of late who they are, however long the file's tests take. */
  world(): Promise<FaceWorld>
}

/** One world and one server for a file of tests. */
export function usePlace(): () => Place {
  let place: Place | undefined
  let mails: MailServer | undefined
  beforeAll(async () => {
    mails = await startMailServer()
    const database = await openDatabase()
    const { people } = database
    const { user } = await people.asSuperadmin()
    await database.rows(`update users set username = 'the-admin', email = 'the-admin@example.com' where username = ?`, [user.username])
    const signIn = async () => ({ admin: await people.signIn({ ...user, username: 'the-admin' }), at: performance.now() })
    let signedIn = await signIn()
    const newcomers = new Newcomers(database, signedIn.admin)
    const mail = {
      DENIZEN_SMTP_URL: mails.url,
      DENIZEN_MAIL_FROM: 'denizen@example.com',
      DENIZEN_PUBLIC_URL: defaultSettings.publicUrl,
    }
    const { url } = await startServer({ ...database.environment, ...mail })
    place = {
      database,
      url,
      async world() {
        if (performance.now() - signedIn.at > proofUse) signedIn = await signIn()
        return { database, admin: signedIn.admin, signUp: (named) => newcomers.next(named) }
      },
    }
  })
  afterAll(async () => {
    await endPrograms()
    await mails?.close()
    await place?.database.close()
  })
  return () => {
    if (place === undefined) throw new Error('the place is there from beforeAll to afterAll')
    return place
  }
}

/**
 * Makes room for an example where others were made before, maybe the same one. The examples use the same names in every
 * world, so that answers can be compared: every name that may be taken once only is given up, what is counted by name or
 * address is forgotten, and the admin is the one superadmin again.
 */
export async function makeRoom(database: SystemDatabase): Promise<void> {
  await database.rows(
    `with
      promoted as (update role_assignments a set revoked_at = now() from roles r, users u
        where r.id = a.role_id and r.name = 'superadmin' and u.id = a.user_id and u.username <> 'the-admin' and a.revoked_at is null),
      people as (update users set username = 'retired-' || replace(id::text, '-', ''), email = null, full_name = null, folded_full_name = null, imported_from = null
        where username <> 'the-admin' and username not like 'retired-%'),
      places as (update organizations set slug = 'retired-' || id, name = 'Retired' where slug not like 'retired-%'),
      domains as (delete from organization_domains),
      limits as (update resource_policies set name = 'retired-' || id where not is_default and name not like 'retired-%'),
      everywhere as (update roles set name = 'retired-' || id where organization_id is null and not built_in and name not like 'retired-%'),
      elsewhere as (update identities set subject = 'retired-' || id where subject not like 'retired-%'),
      invited as (update invitations set email = id || '@retired.example' where email not like '%@retired.example'),
      mailed as (update verifications set email = id || '@retired.example' where email not like '%@retired.example')
    delete from throttles`,
  )
}
