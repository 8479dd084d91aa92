import { DenizenError } from '@denizen/core/calls'
import { remote } from '../connection.ts'
import { forgetLogin, readLogin, type Login } from '../login-store.ts'
import { labelled } from '../output.ts'

/** Ends the session of a saved login, and removes it from this machine; null: there was none. */
export async function endLogin(name: string): Promise<Login | null> {
  const login = await knownLogin(name)
  if (login === null) return null
  const { url, token, refreshToken } = login
  try {
    // The refresh token is valid as long as the session; the access token may have expired.
    if (refreshToken === undefined) await (await remote(url, token, false)).calls.auth.signOut()
    else await (await remote(url, null, false)).calls.auth.revokeToken({ token: refreshToken })
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    // Remove it from this machine all the same.
    if (error.kind !== 'unauthenticated')
      labelled('warning', `The session at ${login.url} could not be ended and remains until it expires: ${error.message}`)
  } finally {
    await forgetLogin(name)
  }
  return login
}

/** A file that cannot be read is removed as well. */
async function knownLogin(context: string): Promise<Login | null> {
  try {
    return await readLogin(context)
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    labelled('warning', `${error.message} It is removed; a session in it remains until it expires.`)
    await forgetLogin(context)
    return null
  }
}
