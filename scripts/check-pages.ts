/**
 * Drives a browser through the pages for people: the first one, invitations, signing up there and in an application, a
 * forgotten password, and second factors. Needs Chromium (CHROMIUM, default /usr/bin/chromium). With a
 * folder as argument, screenshots are saved there.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { completed, createClient, type Calls } from '@denizen/client'
import type { Page } from 'playwright-core'
import { calibrate } from '../tests/pace.ts'
import { startBrowserCheck } from './checks/browser-check.ts'
import { checkSecondFactors } from './checks/second-factors.ts'

calibrate()
const password = 'another correct horse battery'
const organization = 'Zürcher Käse & <b>Söhne</b>'
const installation = 'Zürcher Konten & <i>mehr</i>'

const check = await startBrowserCheck({ DENIZEN_NAME: installation })
const { url, folder, picture, until } = check
try {
  const { organizations, users, factors } = await check.superadmin()
  const { id: organizationId } = await organizations.create({ name: organization })
  await organizations.invite({ organizationId, email: 'new@example.com' })
  await newcomer(await link('new@example.com'))
  await users.create({ email: 'known@example.com', emailVerified: true, password })
  await organizations.invite({ organizationId, email: 'known@example.com', role: 'admin' })
  await acquaintance(await link('known@example.com'))
  await organizations.invite({ organizationId, email: 'never@example.com' })
  await decliner(await link('never@example.com'))
  await visitor()
  await traveller()
  await forgetful('known@example.org', users)
  await applicant('applicant@example.com')
  await checkSecondFactors(check, { users, factors })
  console.log('the pages work in a browser')
} finally {
  await check.end()
}

/** A page without scripts. */
async function open(address: string, { dark = false, width = 1000 } = {}): Promise<{ page: Page; complaints: string[] }> {
  const colorScheme = dark ? 'dark' : 'light'
  const { page, complaints } = await check.open({ colorScheme, viewport: { width, height: 860 }, javaScriptEnabled: false })
  await page.goto(address)
  return { page, complaints }
}

async function newcomer(address: string): Promise<void> {
  for (const look of [{}, { dark: true }, { width: 340 }]) {
    const { page, complaints } = await open(address, look)
    await picture(page, `question-${JSON.stringify(look).replaceAll(/\W+/g, '') || 'light'}`)
    const overflow = await page.locator('html').evaluate((root) => root.scrollWidth > root.clientWidth)
    assert.equal(overflow, false, 'nothing sticks out at the side')
    assert.deepEqual(complaints, [])
  }
  const { page, complaints } = await open(address)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), `Join ${organization}`)
  await page.getByLabel('Full name').fill('Ada Lovelace')
  await page.getByLabel('Password').fill('too short')
  await page.getByRole('button', { name: 'Accept' }).click()
  const problem = page.locator('#problem')
  await problem.waitFor()
  assert.match((await problem.textContent()) ?? '', /15/, 'the page says how long a password has to be')
  assert.equal(await page.getByLabel('Full name').inputValue(), 'Ada Lovelace', 'what was typed stays')
  assert.deepEqual(
    complaints.splice(0).filter((text) => !text.includes('status of 400')),
    [],
  )
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByText('Your account is ready.').waitFor()
  assert.doesNotMatch(page.url(), /token/, 'the token is not in the address any more')
  await picture(page, 'accepted')
  assert.deepEqual(complaints, [])
  const { user } = completed(await createClient({ url }).auth.signIn({ identifier: 'new@example.com', password }))
  assert.match(user.username, /^new/)
  const { page: used } = await open(address, { dark: true })
  await used.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor()
  await picture(used, 'used-dark')
}

async function acquaintance(address: string): Promise<void> {
  const { page, complaints } = await open(address)
  assert.equal(await page.getByLabel('Password').count(), 0, 'whoever has an account is asked for no password')
  await picture(page, 'known')
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.getByText('Sign in as before').waitFor()
  assert.deepEqual(complaints, [])
}

async function decliner(address: string): Promise<void> {
  const { page, complaints } = await open(address, { width: 340 })
  await page.getByRole('button', { name: 'Decline' }).click()
  await page.getByRole('heading', { name: 'Invitation declined' }).waitFor()
  await picture(page, 'declined-narrow')
  assert.deepEqual(complaints, [])
}

/** From the first page to an account that is signed in, in one browser. */
async function visitor(): Promise<void> {
  for (const look of [{}, { dark: true }, { width: 375 }]) {
    const { page, complaints } = await open(`${url}/`, look)
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), installation)
    await picture(page, `home-${JSON.stringify(look).replaceAll(/\W+/g, '') || 'light'}`)
    assert.equal(
      await page.locator('html').evaluate((root) => root.scrollWidth > root.clientWidth),
      false,
      'nothing sticks out at the side',
    )
    assert.deepEqual(complaints, [])
  }
  const { page, complaints } = await signUpOnPage('visitor@example.com')
  await page.goto(await link('visitor@example.com'))
  await page.getByText('with the password that you chose when you signed up').waitFor()
  await picture(page, 'sign-up-confirm')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Your account is ready' }).waitFor()
  await picture(page, 'sign-up-done')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await signIn(page, 'visitor')
  await page.getByText('You are signed in as visitor').waitFor()
  await picture(page, 'home-inside')
  assert.deepEqual(complaints, [])
  await resident(page, complaints)
}

/** Without scripts: what there is to do for whoever is signed in, a device that is approved without a second password, and the way out. */
async function resident(page: Page, complaints: readonly string[]): Promise<void> {
  const { auth } = createClient({ url })
  const { verificationUriComplete, deviceCode } = await auth.startDeviceLogin({ clientName: 'television' })
  await page.goto(verificationUriComplete)
  await page.getByText('You are signed in here as visitor').waitFor()
  await picture(page, 'device-session')
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('heading', { name: 'Approved' }).waitFor()
  assert.equal((await auth.pollDeviceLogin({ deviceCode })).status, 'signedIn')
  await page.getByRole('link', { name: installation }).click()
  await page.getByRole('link', { name: 'Where you are signed in' }).click()
  await page.getByText('(here)').waitFor()
  await picture(page, 'sessions')
  await page.getByRole('button', { name: 'Sign out there' }).click()
  await page.getByRole('button', { name: 'Sign out there' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'change your password' }).click()
  await page.getByLabel('Old password').fill(password)
  await page.getByLabel('New password').fill('too short')
  await page.getByRole('button', { name: 'Change it' }).click()
  await page.locator('#problem').waitFor()
  await picture(page, 'change-password')
  await page.getByLabel('Old password').fill(password)
  await page.getByLabel('New password').fill(`${password}, and new`)
  await page.getByRole('button', { name: 'Change it' }).click()
  await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
  await page.getByRole('link', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.getByRole('link', { name: installation }).click()
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
  assert.deepEqual(
    complaints.filter((text) => !text.includes('status of 400')),
    [],
  )
}

/** Fills in the page for signing in. */
async function signIn(page: Page, identifier: string): Promise<void> {
  await page.getByLabel('Username or email address').fill(identifier)
  await page.getByLabel('Password').fill(password)
  await picture(page, 'sign-in')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Signs up in one browser, and opens the link in another: the password is chosen there, and whoever chose it is signed in. */
async function traveller(): Promise<void> {
  const { complaints } = await signUpOnPage('traveller@example.com')
  const elsewhere = await open(await link('traveller@example.com'), { width: 375 })
  await elsewhere.page.getByText('At least 15 characters').waitFor()
  await picture(elsewhere.page, 'sign-up-elsewhere')
  await elsewhere.page.getByLabel('Password').fill(password)
  await elsewhere.page.getByRole('button', { name: 'Confirm' }).click()
  await elsewhere.page.getByText('You are signed in as traveller').waitFor()
  assert.deepEqual([...complaints, ...elsewhere.complaints], [])
}

async function signUpOnPage(email: string): ReturnType<typeof open> {
  const opened = await open(`${url}/`, { width: 375 })
  const { page } = opened
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByLabel('Email address').fill(email)
  await page.getByLabel('Password').fill(password)
  await picture(page, 'sign-up')
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('heading', { name: 'Check your email' }).waitFor()
  await picture(page, 'sign-up-sent')
  return opened
}

async function forgetful(email: string, users: Calls['users']): Promise<void> {
  await users.create({ email, emailVerified: true, password })
  const { page, complaints } = await open(`${url}/forgot-password`, { width: 375 })
  await page.getByLabel('Email address').fill(email)
  await picture(page, 'forgotten')
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await page.getByText('a link is on its way there').waitFor()
  await page.goto(await link(email))
  await picture(page, 'reset')
  await page.getByLabel('New password').fill(`${password}, again`)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
  assert.deepEqual(complaints, [])
}

/** C12: signed up in an application, whose page has the other half of the link: no password is typed again. */
async function applicant(email: string): Promise<void> {
  const client = createClient({ url })
  const { binding } = await client.auth.signUp({ email, password, redirectTo: `${url}/device` })
  const { page, complaints } = await open(await link(email), { width: 375 })
  await picture(page, 'applicant')
  await page.getByRole('link', { name: 'where you signed up' }).click()
  await page.waitForURL(/\/device#token=/)
  const token = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('token') ?? ''
  assert.equal((await client.auth.verifyEmail({ token, binding })).status, 'signedUp')
  assert.equal(completed(await client.auth.signIn({ identifier: email, password })).user.username, 'applicant')
  assert.deepEqual(complaints, [])
}

/** The link in the file with the mail to this address. */
function link(address: string): Promise<string> {
  const outbox = join(folder, 'outbox')
  return until(`a mail to ${address}`, async () => {
    const files = readdirSync(outbox).filter((name) => name.endsWith('.eml'))
    const mail = files.map((name) => readFileSync(join(outbox, name), 'latin1')).find((text) => text.includes(`To: ${address}`))
    return /^http\S+$/m.exec(mail ?? '')?.[0]
  })
}
