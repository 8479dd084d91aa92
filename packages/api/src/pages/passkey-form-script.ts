/** Where the script of forms with a passkey is. */
export const passkeyFormScriptPath = '/passkey-form.js'

/**
 * The script of forms that are sent with a passkey: asks the browser for one, and sends the form with the answer. Where nobody has typed
 * a password it first asks for a challenge, which is its only request.
 */
export const passkeyFormScript = `'use strict'
const form = document.getElementById('passkey-form')
const problem = document.getElementById('passkey-problem')
const { options, passkey, challenge } = form.elements

function tell(text) {
  problem.hidden = false
  problem.textContent = text
}

function explain(error) {
  if (error.name === 'NotAllowedError') return 'Nothing has changed: it was cancelled, or took too long.'
  return 'This did not work: ' + error.message
}

async function begin() {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch('trpc/passkeys.beginSignIn', { method: 'POST', headers, credentials: 'omit', body: '{"json":{}}' })
  const { result, error } = await response.json()
  if (error !== undefined) throw new Error((error.json ?? error).message)
  challenge.value = result.data.json.challenge
  return result.data.json.options
}

form.addEventListener('submit', async (submitEvent) => {
  const { submitter } = submitEvent
  if (submitter.value === 'deny' || passkey.value !== '') return
  submitEvent.preventDefault()
  try {
    const asked = options.value === '' ? await begin() : JSON.parse(options.value)
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked)
    passkey.value = JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON())
    form.requestSubmit(submitter)
  } catch (error) {
    tell(explain(error))
  }
})

const supportsPasskeys = 'PublicKeyCredential' in globalThis && 'parseRequestOptionsFromJSON' in PublicKeyCredential
if (!supportsPasskeys && options.value === '') form.hidden = true
else if (!supportsPasskeys) tell('This browser does not support passkeys, or this page was not opened over https. Try another browser.')
`
