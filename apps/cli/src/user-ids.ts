import { DenizenError } from '@denizen/core/calls'
import { kindOfId } from '@denizen/core/contract'
import { noSuchUser } from './reference-errors.ts'
import { user, type Scope } from './references.ts'

/** Calls made in the same tick are sent in one batch of up to this size. */
const batchSize = 20

/** The ids of users who are named in any way; an error for each that is not found, or is not one of a user: it does not stop the others. */
export async function userIdsOf(scope: Scope, texts: readonly string[]): Promise<(string | DenizenError)[]> {
  const ids: (string | DenizenError)[] = []
  for (let start = 0; start < texts.length; start += batchSize)
    ids.push(...(await Promise.all(texts.slice(start, start + batchSize).map((text) => idOf(scope, text)))))
  return ids
}

async function idOf(scope: Scope, text: string): Promise<string | DenizenError> {
  // The server would refuse the whole call for it.
  if (text.startsWith('usr_') && kindOfId(text) === null) return noSuchUser(text, scope.typed)
  return user.resolve(scope, text).catch((error: unknown) => {
    if (error instanceof DenizenError && (error.kind === 'notFound' || error.code === 'cli.usage')) return error
    throw error
  })
}
