/**
 * Drives a browser with a virtual authenticator through the passkeys page: signs in with a
 * password, registers a passkey, signs in with it alone and as second factor, and checks that
 * a removed one, and one without user verification, are refused. Needs Chromium (CHROMIUM,
 * default /usr/bin/chromium). With a folder as argument, screenshots are saved there.
 */
import assert from 'node:assert/strict'
import { createClient } from '@denizen/client'
import type { CDPSession, Page } from 'playwright-core'
import { calibrate } from '../tests/pace.ts'
import { startBrowserCheck } from './checks/browser-check.ts'

calibrate()
const password = 'another correct horse battery'
const check = await startBrowserCheck({})
const { url } = check
try {
  const { users, factors, passkeys } = await check.superadmin()
  const { id: userId } = (await users.create({ username: 'ada', email: 'ada@example.com', password })) ?? { id: null }
  assert.ok(userId)
  const { page, complaints, key } = await open()

  await signIn(page)
  await page.getByText('You have no passkeys yet.').waitFor()
  await page.getByLabel('Name of the new passkey').fill('Laptop <b>')
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByText('Your passkey is registered').waitFor()
  await page.getByText('Laptop <b>').waitFor()
  await picture(page, 'registered')
  const [made] = (await passkeys.list({ userId })).passkeys
  assert.deepEqual([made?.name, made?.lastUsedAt], ['Laptop <b>', null])
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByText('already has a passkey for this account').waitFor()

  await signOut(page)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('You are signed in as ada').waitFor()
  await picture(page, 'signed-in')
  const [used] = (await passkeys.list({ userId })).passkeys
  assert.notEqual(used?.lastUsedAt, null, 'the use was noted')

  await signOut(page)
  await signIn(page)
  await picture(page, 'second-factor')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByText('You are signed in as ada').waitFor()

  await signOut(page)
  // Two devices are approved: with a password and the passkey as second factor, and with the passkey alone.
  await approve(page, async () => {
    await page.getByLabel('Username or email address').fill('ada')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
  })
  await approve(page, () => page.getByRole('button', { name: 'approve with a passkey' }).click())

  await page.goto(`${url}/sign-in`)
  await key.verifies(false)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('it was cancelled, or took too long').waitFor()
  await key.verifies(true)
  await factors.reset({ userId })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('The user or the password is wrong.').waitFor()
  await picture(page, 'refused')
  // Chromium logs every unsuccessful answer: these two are expected.
  assert.deepEqual(
    complaints.filter((text) => !/Failed to load resource: .* 401/.test(text)),
    [],
  )
  console.log('passkeys work in a browser')
} finally {
  await check.end()
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Username or email address').fill('ada')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Signs out on the first page, and goes on to the page for signing in. */
async function signOut(page: Page): Promise<void> {
  await page.goto(url)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out').waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
}

/** Approves a device login as a person does, after its first step; the device gets a session. */
async function approve(page: Page, firstStep: () => Promise<void>): Promise<void> {
  const { auth } = createClient({ url })
  const { verificationUriComplete, deviceCode } = await auth.startDeviceLogin({ clientName: 'television' })
  await page.goto(verificationUriComplete)
  await picture(page, 'device')
  await firstStep()
  await picture(page, 'device-passkey')
  await page.getByRole('button', { name: 'Approve with a passkey' }).click()
  await page.getByRole('heading', { name: 'Approved' }).waitFor()
  const answer = await auth.pollDeviceLogin({ deviceCode })
  assert.ok(answer.status === 'signedIn' && answer.user.username === 'ada')
}

interface Key {
  /** Whether it reports user verification. */
  verifies(isVerified: boolean): Promise<void>
}

/** The page in a browser with an authenticator. */
async function open(): Promise<{ page: Page; complaints: readonly string[]; key: Key }> {
  const { page, context, complaints } = await check.open()
  const key = await virtualAuthenticator(await context.newCDPSession(page))
  await page.goto(`${url}/passkeys`)
  return { page, complaints, key }
}

async function virtualAuthenticator(devtools: CDPSession): Promise<Key> {
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async verifies(isUserVerified) {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

function picture(page: Page, name: string): Promise<void> {
  return check.picture(page, `passkeys-${name}`)
}
