/** The way of somebody with an authenticator app through the pages, on a phone: part of `scripts/check-pages.ts`. */
import assert from 'node:assert/strict'
import type { Calls } from '@denizen/client'
import { totpCode } from '@denizen/core/testing'
import type { Page } from 'playwright-core'
import type { startBrowserCheck } from './browser-check.ts'

type Check = Awaited<ReturnType<typeof startBrowserCheck>>

const phone = { width: 375, height: 667 }
const password = 'another correct horse battery'
const username = 'phoned'
const clock = { now: () => new Date() }

/** Sets an app up, signs in with its codes and with a recovery code, removes it, and has to set one up again after a reset. */
export async function checkSecondFactors(check: Check, { users, factors }: Pick<Calls, 'users' | 'factors'>): Promise<void> {
  const { id: userId } = (await users.create({ username, email: 'phoned@example.com', password })) ?? {}
  assert.ok(userId)
  const { page, complaints } = await check.open({ viewport: phone, javaScriptEnabled: false })
  await page.goto(`${check.url}/sign-in`)
  await enterPassword(page)
  await page.getByRole('link', { name: 'Your second factors' }).click()
  await look(check, page, 'second-factors-none')
  const { key, codes } = await setUp(check, page)
  await signInAgain(check, page, totpCode({ clock }, key, 1))
  await signInAgain(check, page, codes[0] ?? '')
  await page.getByRole('link', { name: 'Your second factors' }).click()
  await page.getByText('9 left').waitFor()
  await look(check, page, 'second-factors')
  await page.getByRole('link', { name: 'Remove' }).click()
  await look(check, page, 'second-factors-remove')
  await page.getByRole('button', { name: 'Remove it' }).click()
  await page.getByText('The authenticator app is removed').waitFor()
  assert.deepEqual(await factors.list({ userId }), { totp: null, passkeys: 0, recoveryCodes: 0, required: false })
  assert.deepEqual(unexpected(complaints), [])
  await withScripts(check, () => factors.reset({ userId }))
}

/** From the page of second factors to the end, with a wrong code and two reloads on the way. */
async function setUp(check: Check, page: Page): Promise<{ readonly key: string; readonly codes: readonly string[] }> {
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  await page.getByRole('img', { name: 'A QR code' }).waitFor()
  await look(check, page, 'authenticator')
  const key = await shownKey(page)
  await page.getByLabel('Code that the app shows').fill('000000')
  await page.keyboard.press('Enter')
  await page.getByText('This is not the current code of the app').waitFor()
  await look(check, page, 'authenticator-wrong')
  await page.goto(`${check.url}/authenticator`)
  assert.equal(await shownKey(page), key, 'the key stays')
  await page.getByLabel('Code that the app shows').fill(totpCode({ clock }, key))
  await page.keyboard.press('Enter')
  await page.getByText('They are shown only now.').waitFor()
  await look(check, page, 'recovery-codes')
  const codes = await page.locator('#codes code').allTextContents()
  await page.reload()
  assert.deepEqual([codes.length, await page.locator('#codes code').allTextContents()], [10, codes])
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('Your recovery codes are in place.').waitFor()
  await page.goBack()
  await page.getByText('Recovery codes are shown once.').waitFor()
  for (const secret of [key, ...codes]) assert.doesNotMatch(page.url(), new RegExp(secret))
  await page.goto(check.url)
  return { key, codes }
}

/** With scripts: whoever has to set up a second factor is led there, copies the codes, and goes on to where they were going. */
async function withScripts(check: Check, reset: () => Promise<unknown>): Promise<void> {
  const { page, context, complaints } = await check.open({ viewport: phone })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: check.url })
  await page.goto(`${check.url}/sign-in`)
  await enterPassword(page)
  await page.getByRole('link', { name: 'Your second factors' }).click()
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  const key = await shownKey(page)
  await page.locator('code.key').click()
  assert.equal((await page.evaluate<string>('String(getSelection())')).trim(), key, 'what is copied has no spaces in it')
  await finish(page)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('Your recovery codes are in place.').waitFor()
  await reset()
  await page.goto(`${check.url}/sessions`)
  await enterPassword(page)
  await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor()
  await look(check, page, 'second-factor-owed')
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
  await finish(page)
  await page.getByRole('button', { name: 'Copy them' }).click()
  await page.getByText('They are copied.').waitFor()
  await look(check, page, 'recovery-codes-copied')
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.deepEqual(copied.split('\n'), await page.locator('#codes code').allTextContents())
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('(here)').waitFor()
  assert.deepEqual(unexpected(complaints), [])
}

async function finish(page: Page): Promise<void> {
  await page.getByLabel('Code that the app shows').fill(totpCode({ clock }, await shownKey(page)))
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByText('They are shown only now.').waitFor()
}

async function shownKey(page: Page): Promise<string> {
  return (await page.locator('code.key').textContent()) ?? ''
}

async function enterPassword(page: Page): Promise<void> {
  await page.getByLabel('Username or email address').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function signInAgain(check: Check, page: Page, code: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await enterPassword(page)
  await page.getByLabel('Code').fill(code)
  await look(check, page, 'second-factor')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText(`You are signed in as ${username}`).waitFor()
}

async function look(check: Check, page: Page, name: string): Promise<void> {
  await check.picture(page, name)
  const sticksOut = await page.locator('html').evaluate((root) => root.scrollWidth > root.clientWidth)
  assert.equal(sticksOut, false, `nothing sticks out at the side: ${name}`)
}

/** Chromium logs every unsuccessful answer: that to a wrong code is expected. */
function unexpected(complaints: readonly string[]): readonly string[] {
  return complaints.filter((text) => !text.includes('status of 400'))
}
