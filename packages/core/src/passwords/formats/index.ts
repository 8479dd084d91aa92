import { z } from 'zod'
import { refusalOf } from '../hashes/index.ts'
import {
  readAspNet,
  readBetterAuth,
  readDevise,
  readDokuWiki,
  readMediaWiki,
  readSeafile,
  readWordPress,
  readZitadel,
} from './applications.ts'
import { readAuth0 } from './auth0.ts'
import { readKratos } from './kratos.ts'
import { readLdap } from './ldap.ts'
import { modularHash } from './modular.ts'
import { readPhc } from './phc.ts'
import { readDjango, readPasslib, readWerkzeug } from './python.ts'
import { readClerk, readFirebase, readFusionAuth, readOkta, readSupabase, readSuperTokens } from './services.ts'
import { refuse, UnreadableHash, type ForeignHash, type ReadHash, type Reader } from './reading.ts'
import { readTemplate } from './template.ts'

const readModular: Reader = ({ hash }) => modularHash(hash)

/** Where hashes come from: what a salt is, text or bytes, and what a number means, only its system says. */
const readers = {
  aspnet: readAspNet,
  auth0: readAuth0,
  'better-auth': readBetterAuth,
  clerk: readClerk,
  crypt: readModular,
  devise: readDevise,
  django: readDjango,
  dokuwiki: readDokuWiki,
  drupal: readModular,
  firebase: readFirebase,
  fusionauth: readFusionAuth,
  kratos: readKratos,
  laravel: readModular,
  ldap: readLdap,
  mediawiki: readMediaWiki,
  okta: readOkta,
  passlib: readPasslib,
  phc: readPhc,
  phpbb: readModular,
  seafile: readSeafile,
  supabase: readSupabase,
  supertokens: readSuperTokens,
  template: readTemplate,
  werkzeug: readWerkzeug,
  wordpress: readWordPress,
  zitadel: readZitadel,
} satisfies Readonly<Record<string, Reader>>

export const hashSystem = z.enum(Object.keys(readers) as [keyof typeof readers, ...(keyof typeof readers)[]])

/** The longest hash that is read. */
export const longestHash = 1024

/** What systems write where there is no password, or none that may be seen. */
const noPassword = /^(?:|\*+|x|null|<?redacted>?|UkVEQUNURUQ=?|\*NP\*|\*LK\*)$/i

/** Reads a hash of a system. What would cost too much to compare with is refused here, so that no sign-in meets it. */
export function readHash(system: keyof typeof readers, foreign: ForeignHash): ReadHash {
  if (noPassword.test(foreign.hash)) return { problem: 'there is no password' }
  if (foreign.hash.startsWith('!')) return { problem: 'the password is locked ("!" stands before its hash)' }
  if (foreign.hash.length > longestHash) return { problem: `the hash is longer than ${longestHash} characters` }
  try {
    return { hash: bounded(readers[system](foreign)) }
  } catch (error) {
    if (error instanceof UnreadableHash) return { problem: `the hash of ${system} was not taken over: ${error.message}` }
    throw error
  }
}

function bounded(hash: string): string {
  const refusal = refusalOf(hash)
  return refusal === null ? hash : refuse(refusal)
}
