/** Where the script of the page is. */
export const deviceScriptPath = '/device.js'

/** The script of the device page: asks the browser for a passkey, and sends the form with the answer. It makes no requests. */
export const deviceScript = `'use strict'
const form = document.getElementById('passkey-form')
const problem = document.getElementById('passkey-problem')

function tell(text) {
  problem.hidden = false
  problem.textContent = text
}

function explain(error) {
  if (error.name === 'NotAllowedError') return 'Nothing has changed: it was cancelled, or took too long.'
  return 'This did not work: ' + error.message
}

form.addEventListener('submit', async (submitEvent) => {
  const { submitter } = submitEvent
  if (submitter.value !== 'approve' || form.elements.passkey.value !== '') return
  submitEvent.preventDefault()
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(form.elements.options.value))
    form.elements.passkey.value = JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON())
    form.requestSubmit(submitter)
  } catch (error) {
    tell(explain(error))
  }
})

const supportsPasskeys = 'PublicKeyCredential' in globalThis && 'parseRequestOptionsFromJSON' in PublicKeyCredential
if (!supportsPasskeys) tell('This browser does not support passkeys, or this page was not opened over https. Try another browser.')
`
