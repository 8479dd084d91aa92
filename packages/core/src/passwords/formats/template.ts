import { utf8, type Bytes } from '../hashes/bytes.ts'
import { digestHash, hmacHash } from '../hashes/digest.ts'
import { base64Bytes, digestBytes, digestNamed, hexBytes, optionalText, refuse, textParameter, type Reader } from './reading.ts'

/**
 * What an application of one's own made: a `digest`, a `template` around `{SALT}` and `{PASSWORD}`, the `salt` of the user, and `saltEncoding`
 * and `hashEncoding`, which are `text`, `hex` or `base64`. With a `key` in `keyEncoding` it is an HMAC.
 */
export const readTemplate: Reader = (foreign) => {
  const digest = digestNamed(textParameter(foreign, 'digest'))
  const template = optionalText(foreign, 'template', '{PASSWORD}')
  const hash = digestBytes(digest, decoded(foreign.hash, optionalText(foreign, 'hashEncoding', 'hex')))
  const [salt, key] = [optionalText(foreign, 'salt', ''), optionalText(foreign, 'key', '')]
  if (key === '') return digestHash({ digest, template, salt: decoded(salt, optionalText(foreign, 'saltEncoding', 'text')), hash })
  if (salt !== '' && template.includes('{SALT}')) refuse('an HMAC with a salt besides is not supported')
  return hmacHash({ digest, template, salt: decoded(key, optionalText(foreign, 'keyEncoding', 'text')), hash })
}

function decoded(text: string, encoding: string): Bytes {
  if (encoding === 'hex') return hexBytes(text)
  if (encoding === 'base64') return base64Bytes(text)
  return encoding === 'text' ? utf8(text) : refuse('an encoding is neither text nor hex nor base64')
}
