/**
 * The script of the passkeys page, as the browser gets it: no library, and nothing is stored. It registers a passkey with the session in
 * the cookies, which no script can read. Everything that is shown is set as text.
 */
export const passkeysScript = `'use strict'
const part = (id) => document.getElementById(id)
const form = part('register')

class Failure extends Error {}

async function call(name, input) {
  const body = JSON.stringify({ json: input })
  const response = await fetch('trpc/' + name, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { result, error } = await response.json()
  if (error === undefined) return result.data.json
  const { message, data } = error.json ?? error
  const code = data && data.domain ? data.domain.code : ''
  if (code === 'auth.freshProofRequired' || code === 'request.unauthenticated') location.assign('sign-in?next=passkeys')
  throw new Failure(message)
}

function tell(text) {
  part('problem').hidden = text === ''
  part('problem').textContent = text
}

function explain(error) {
  if (error instanceof Failure) return error.message
  if (error.name === 'NotAllowedError') return 'Nothing has changed: it was cancelled, or took too long.'
  if (error.name === 'InvalidStateError') return 'This device or security key already has a passkey for this account.'
  return 'This did not work: ' + error.message
}

form.addEventListener('submit', async (happened) => {
  happened.preventDefault()
  part('add').disabled = true
  try {
    tell('')
    const { challenge, options } = await call('passkeys.beginRegistration', {})
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
    const response = (await navigator.credentials.create({ publicKey })).toJSON()
    const name = part('name').value.trim()
    await call('passkeys.finishRegistration', { challenge, response, ...(name !== '' && { name }) })
    location.assign(form.dataset.done)
  } catch (error) {
    tell(explain(error))
    part('name').focus()
  } finally {
    part('add').disabled = false
  }
})

const able = 'PublicKeyCredential' in globalThis && 'parseCreationOptionsFromJSON' in PublicKeyCredential
form.hidden = !able
if (!able) tell('This browser does not support passkeys, or this page was not opened over https. Try another browser.')
`
