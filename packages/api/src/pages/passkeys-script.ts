/**
 * The script of the passkeys page, as the browser gets it: no library, and nothing is stored.
 * The access token is held in this script only and is revoked when the page is left. Everything
 * that is shown is set as text.
 */
export const passkeysScript = `'use strict'
const part = (id) => document.getElementById(id)
let token = null
let pending = null

class Failure extends Error {}

async function call(name, input = {}, query = false) {
  const headers = token === null ? {} : { authorization: 'Bearer ' + token }
  const body = JSON.stringify({ json: input })
  const response = query
    ? await fetch('trpc/' + name + '?input=' + encodeURIComponent(body), { headers })
    : await fetch('trpc/' + name, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })
  const { result, error } = await response.json()
  if (error === undefined) return result.data.json
  const { message, data } = error.json ?? error
  const code = data && data.domain ? data.domain.code : ''
  if (token !== null && (code === 'auth.freshProofRequired' || code === 'request.unauthenticated')) {
    await leave()
    throw new Failure('You signed in too long ago. Please sign in again.')
  }
  throw new Failure(message)
}

function tell(text, isBad = false) {
  part('problem').hidden = !isBad
  part('problem').textContent = isBad ? text : ''
  part('said').textContent = isBad ? '' : text
}

function explain(error) {
  if (error instanceof Failure) return error.message
  if (error.name === 'NotAllowedError') return 'Nothing has changed: it was cancelled, or took too long.'
  if (error.name === 'InvalidStateError') return 'This device or security key already has a passkey for this account.'
  return 'This did not work: ' + error.message
}

function on(id, event, work) {
  part(id).addEventListener(event, async (happened) => {
    happened.preventDefault()
    const buttons = document.querySelectorAll('button')
    buttons.forEach((button) => (button.disabled = true))
    try {
      tell('')
      await work()
    } catch (error) {
      tell(explain(error), true)
      // The last field is what was wrong most likely: the password, the code.
      const [field] = [...part(id).querySelectorAll('input')].reverse()
      if (field !== undefined) field.focus()
    } finally {
      buttons.forEach((button) => (button.disabled = false))
    }
  })
}

async function ask(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return (await navigator.credentials.get({ publicKey })).toJSON()
}

async function enter(answer, how) {
  token = answer.accessToken
  pending = null
  part('outside').hidden = true
  part('second').hidden = true
  part('inside').hidden = false
  part('who').textContent = answer.user.username
  part('password').value = ''
  part('code').value = ''
  await list()
  tell(how)
}

async function leave() {
  token = null
  pending = null
  part('inside').hidden = true
  part('second').hidden = true
  part('outside').hidden = false
}

async function list() {
  const { passkeys } = await call('passkeys.list', {}, true)
  part('none').hidden = passkeys.length > 0
  part('list').replaceChildren(
    ...passkeys.map(({ name, createdAt, lastUsedAt }) => {
      const item = document.createElement('li')
      const when = (text) => new Date(text).toLocaleDateString()
      item.textContent = name + ', since ' + when(createdAt) + (lastUsedAt === null ? ', not used yet' : ', last used ' + when(lastUsedAt))
      return item
    }),
  )
}

on('with-passkey', 'click', async () => {
  const { challenge, options } = await call('passkeys.beginSignIn')
  await enter(await call('passkeys.finishSignIn', { challenge, response: await ask(options) }), 'You are signed in with your passkey.')
})

on('outside-form', 'submit', async () => {
  const answer = await call('auth.signIn', { identifier: part('identifier').value, password: part('password').value })
  if (answer.status === 'signedIn') return enter(answer, 'You are signed in.')
  pending = answer
  part('outside').hidden = true
  part('second').hidden = false
  part('second-passkey').hidden = answer.passkey === null
  part('second-form').hidden = !answer.methods.some((method) => method !== 'passkey')
})

on('second-passkey', 'click', async () => {
  const { challenge, passkey } = pending
  await enter(await call('auth.completeSignIn', { challenge, passkey: await ask(passkey) }), 'You are signed in.')
})

on('second-form', 'submit', async () => {
  const code = part('code').value.trim()
  const factor = /^[0-9 ]{6,8}$/.test(code) ? { totp: code } : { recoveryCode: code }
  await enter(await call('auth.completeSignIn', { challenge: pending.challenge, ...factor }), 'You are signed in.')
})

on('second-back', 'click', leave)

on('inside-form', 'submit', async () => {
  const { challenge, options } = await call('passkeys.beginRegistration')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const response = (await navigator.credentials.create({ publicKey })).toJSON()
  const name = part('name').value.trim()
  const { passkey } = await call('passkeys.finishRegistration', { challenge, response, ...(name !== '' && { name }) })
  part('name').value = ''
  await list()
  tell(passkey.name + ' is registered. You can sign in with it from now on.')
})

on('out', 'click', async () => {
  await call('auth.signOut')
  await leave()
  tell('You are signed out.')
})

// No session stays open once the page is closed: nothing else has its token.
addEventListener('pagehide', () => {
  if (token === null) return
  const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' }
  void fetch('trpc/auth.signOut', { method: 'POST', headers, body: '{"json":{}}', keepalive: true })
  void leave()
})

const able = 'PublicKeyCredential' in globalThis && 'parseCreationOptionsFromJSON' in PublicKeyCredential
if (able) part('outside').hidden = false
else tell('This browser does not support passkeys, or this page was not opened over https. Try another browser.', true)
`
