import { createHmac } from 'node:crypto'
import { newEmail, TestProvider } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { ask, useServer } from '../testing/server.ts'

const webhookSecret = `whsec_${Buffer.from('a secret of thirty-two bytes, yes').toString('base64')}`
const clerk = TestProvider.configured('clerk', { kind: 'clerk', client: null, webhookSecret })
const served = useServer({ world: { settings: { identityProviders: [clerk] } } })

describe('POST /webhooks/clerk', () => {
  const event = (type = 'user.created') => {
    const email = newEmail()
    const address = { id: 'idn_1', email_address: email, verification: { status: 'verified' } }
    return {
      email,
      body: JSON.stringify({
        type,
        data: {
          id: `user_${email}`,
          primary_email_address_id: 'idn_1',
          email_addresses: [address],
          updated_at: served().world.clock.now().getTime(),
        },
      }),
    }
  }

  function deliver(body: string, changes: Record<string, string> = {}, prefix = 'svix') {
    const [id, timestamp] = [`msg_${crypto.randomUUID()}`, String(Math.floor(served().world.clock.now().getTime() / 1000))]
    const key = Buffer.from(webhookSecret.slice('whsec_'.length), 'base64')
    const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
    const headers = {
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      [`${prefix}-signature`]: signature,
      'content-type': 'application/json',
      ...changes,
    }
    return ask(served().server, '/webhooks/clerk', { method: 'POST', headers, body })
  }
  const usersWith = (email: string) => served().world.rows('select 1 from users where email = ?', [email])

  test('takes in what is signed, under either name of the headers, and nothing else to tell', async () => {
    for (const prefix of ['svix', 'webhook']) {
      const { email, body } = event()
      expect(await deliver(body, {}, prefix)).toMatchObject({ status: 204, text: '' })
      expect(await usersWith(email)).toHaveLength(1)
    }
    expect((await deliver(event('session.created').body)).status).toBe(204)
    expect((await deliver('this is no JSON')).status).toBe(204)
  })

  test('ABUSE 49: refuses what is not, without a word about why', async () => {
    const { email, body } = event()
    const answers = [
      await deliver(body, { 'svix-signature': 'v1,AAAA' }),
      await deliver(body, { 'svix-timestamp': '1' }),
      await deliver(body, { 'svix-id': 'msg_another' }),
      await ask(served().server, '/webhooks/clerk', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
    ]
    for (const { status, text } of answers) {
      expect(status).toBe(401)
      expect(JSON.parse(text)).toMatchObject({ code: 'identities.webhookRefused', details: {} })
    }
    expect(await usersWith(email)).toHaveLength(0)
    expect((await ask(served().server, '/webhooks/clerk')).status).toBe(405)
    expect((await deliver(`"${'x'.repeat(300_000)}"`)).status).toBe(413)
  })
})
