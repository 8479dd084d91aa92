import { DenizenError, html, Html, qrCode, type Core, type OutputOf, type Principal, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { codesCookie, setUpCookie, type SetUp } from './factor-cookies.ts'
import { page, timeElement, withFields } from './layout.ts'
import { alert, field, type Problem } from './mailed-link.ts'
import { elsewhereFor } from './second-factors.ts'
import { asksForProof, signInFirst } from './sign-in.ts'
import { leadTo, sessionPage, type Visitor } from './visitor.ts'

const here = 'authenticator'

/**
 * The page on which somebody takes a new key into an authenticator app, and proves with a code that the app has it. The key was made on the page
 * of second factors, and is in a cookie, so that this page can be reloaded, opened in two tabs, and come back to after signing in again.
 */
export const answerAuthenticator = sessionPage(
  {
    async show(visitor, core) {
      const elsewhere = elsewhereFor(visitor, here)
      if (elsewhere !== null) return elsewhere
      if (!visitor.isRecent) return signInFirst(here)
      const setUp = await setUpCookie.read(visitor, core)
      return setUp === null ? withoutKey(visitor, core, 'over') : keyPage(200, visitor, setUp, null)
    },
    async act(visitor, core, fields) {
      const elsewhere = elsewhereFor(visitor, here)
      if (elsewhere !== null) return elsewhere
      // Every answer with the form shows the key.
      if (!visitor.isRecent) return signInFirst(here)
      const setUp = await setUpCookie.read(visitor, core)
      if (setUp === null) return withoutKey(visitor, core, 'over')
      if ((fields.get('shown') ?? shownId(setUp)) !== shownId(setUp)) return keyPage(400, visitor, setUp, anotherKey)
      const code = (fields.get('code') ?? '').trim()
      if (code === '') return keyPage(400, visitor, setUp, noCode)
      try {
        return await activate(visitor, core, code, setUp)
      } catch (error) {
        return await afterRefusal(error, visitor, core, setUp)
      }
    },
  },
  { assurance: 'Nothing was changed' },
)

async function activate(visitor: Visitor, core: Core, code: string, { next }: SetUp): Promise<Answer> {
  type Activated = OutputOf<Signatures['factors']['activateTotp']>
  const { recoveryCodes: codes } = (await visitor.context.call('factors.activateTotp', { code })) as Activated
  const kept = await codesCookie.set(visitor.principal as Principal, { codes, next: next === '' ? 'second-factors' : next }, core)
  return withFields(leadTo('recovery-codes'), [...setUpCookie.clear(visitor, core), ...kept])
}

async function afterRefusal(error: unknown, visitor: Visitor, core: Core, setUp: Shown): Promise<Answer> {
  if (asksForProof(error)) return signInFirst(here)
  if (!(error instanceof DenizenError)) throw error
  if (error.code === 'factors.wrongCode') return keyPage(400, visitor, setUp, { field: 'code', message: error.message })
  if (error.code === 'request.invalid') return keyPage(400, visitor, setUp, noCode)
  // The form was sent twice, an administrator removed the key, or it was set up by another program.
  if (error.code === 'factors.notBegun') return withFields(await withoutKey(visitor, core, 'done'), setUpCookie.clear(visitor, core))
  throw error
}

/** Where whoever has no key leads: to the codes that came with it, as long as nobody said that they are kept. */
async function withoutKey(visitor: Visitor, core: Core, told: 'over' | 'done'): Promise<Answer> {
  return leadTo((await codesCookie.read(visitor, core)) === null ? `second-factors?${told}` : 'recovery-codes')
}

const noCode: Problem = { field: 'code', message: 'Enter the six digits that the app shows.' }

const anotherKey: Problem = { field: 'code', message: 'Another key was made meanwhile. Scan this one, and enter its code.' }

/** Tells the key that a form was shown with from another one, of another tab. */
const shownId = ({ until }: Shown): string => String(until.getTime())

type Shown = SetUp & { readonly until: Date }

function keyPage(status: number, { principal }: Visitor, setUp: Shown, problem: Problem | null): Answer {
  const { uri, until } = setUp
  const title = 'Set up an authenticator app'
  const { username = '' } = principal ?? {}
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${alert(problem)}
      <p>For <strong>${username}</strong>. Scan this with an authenticator app on your phone:</p>
      <div class="qr" role="img" aria-label="A QR code with the key for your authenticator app">${new Html(qrCode(uri))}</div>
      <p>Or enter this key in the app, as a time-based one:</p>
      <p><code class="key">${groupsOf(new URL(uri).searchParams.get('secret') ?? '')}</code></p>
      <form method="post" action="authenticator" novalidate>
        <input type="hidden" name="shown" value="${shownId(setUp)}" />
        ${field({ name: 'code', label: 'Code that the app shows', hint: 'Six digits.', ...digits }, problem)}
        <div class="buttons"><button class="main">Finish</button></div>
      </form>
      <p class="hint">
        Then you get recovery codes, and are signed out everywhere else. Until then nothing changes. This key is shown until
        ${timeElement(until)}.
      </p>
      <ul class="plain">
        <li>
          <form method="post" action="second-factors">
            <input type="hidden" name="user" value="${username}" />
            <input type="hidden" name="do" value="start-again" />
            <button class="plain">Start again with another key</button>
          </form>
        </li>
        <li><a href="second-factors">Not now</a></li>
      </ul>`,
  )
}

const digits = { autocomplete: 'one-time-code', inputmode: 'numeric', longest: 16, required: true } as const

/** In groups of four that stay whole, to be read and typed; what is copied has no spaces in it. */
function groupsOf(key: string): readonly Html[] {
  return (key.match(/.{1,4}/g) ?? []).map((group) => html`<span>${group}</span><wbr />`)
}
