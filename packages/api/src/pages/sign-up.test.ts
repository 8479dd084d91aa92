import { completed } from '@denizen/core'
import { newEmail, password } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { useServer } from '../testing/server.ts'

const app = 'https://app.example.com'
const served = useServer({ world: { settings: { allowedOrigins: [app] } } })
const look = (token: string) => served().get(`/sign-up/confirm?token=${encodeURIComponent(token)}`)

async function signedUp(input: object = {}, email = newEmail()) {
  const { world } = served()
  const { binding } = await world.asAnonymous().auth.signUp({ email, password, ...input })
  await world.work()
  return { email, binding, token: world.mailer.tokenFor(email) }
}

it('C12: the page behind the mail of a sign-up leads back to where somebody signed up, with the link, and there the password that was typed counts', async () => {
  const { email, token, binding } = await signedUp({ redirectTo: `${app}/welcome` })
  const { text } = await look(token)
  const href = /<a class="main" href="(https:\/\/app\.example\.com[^"]+)"/.exec(text)?.[1]?.replaceAll('&#61;', '=') ?? ''
  expect(text).toContain('Finish at app.example.com, where you signed up')
  const handed = new URLSearchParams(new URL(href).hash.slice(1)).get('token') ?? ''
  expect({ page: new URL(href).pathname, handed }).toEqual({ page: '/welcome', handed: token })
  // What the application does with it, in the browser that has the binding: nobody types a password again.
  const done = await served().world.asAnonymous().auth.verifyEmail({ token: handed, binding })
  expect(done).toMatchObject({ status: 'signedUp', redirectTo: `${app}/welcome` })
  expect(completed(await served().world.asAnonymous().auth.signIn({ identifier: email, password })).user.id).toBe(done.user.id)
  // Where nobody waits for the link, the page has nothing but its form.
  const alone = await look((await signedUp()).token)
  expect(alone.text).not.toContain('class="main" href')
})
