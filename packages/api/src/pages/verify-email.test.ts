import { expect, test } from 'vitest'
import { Browser, signedIn } from '../testing/browser.ts'
import { useServer } from '../testing/server.ts'

const served = useServer()

test('the page that confirms an address says who is signed in in the browser, where that is somebody else', async () => {
  const { world } = served()
  const owned = await world.signUp()
  await owned.as.auth.requestEmailVerification({})
  await world.work()
  const token = world.mailer.tokenFor(owned.user.email ?? '')
  const { user, browser } = await signedIn(served)
  const words = `You are signed in here as <strong>${user.username}</strong>, which is another account.`
  expect((await browser.open(`/verify-email?token=${token}`)).text).toContain(words)
  expect((await browser.send('/verify-email', { token, password: 'not the password of it' })).text).toContain(words)
  const own = new Browser(served)
  await own.signIn(owned.user.username)
  for (const page of [await own.open(`/verify-email?token=${token}`), await served().get(`/verify-email?token=${token}`)])
    expect(page.text).not.toContain('You are signed in here')
  // Whose session had to be renewed for that keeps it.
  world.clock.advance(2 * 60 * 60_000)
  expect((await browser.open(`/verify-email?token=${token}`)).text).toContain(words)
  expect((await browser.open('/')).text).toContain(user.username)
})
