import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { addressOfGoal, furtherGoalOf, passkeysOnTheWayTo } from './goals.ts'
import { page, timeElement, withRequests, withScript } from './layout.ts'
import { asksForProof, signInFirst } from './sign-in.ts'
import { leadTo, sessionPage, type Visitor } from './visitor.ts'

/** Where the script of the page is. */
export const passkeysScriptPath = '/passkeys.js'

/** The content type of a script. */
export const scriptType = 'text/javascript; charset=utf-8'

type Passkey = OutputOf<Signatures['passkeys']['list']>['passkeys'][number]

/** The page where people register passkeys and remove them. Registering takes a script, because it is the browser that makes a passkey. */
export const answerPasskeys = sessionPage({
  async show(visitor, _, query) {
    if (visitor.principal === null) return signInFirst('passkeys')
    return passkeysPage(visitor, visitor.principal.username, await passkeysOf(visitor), {
      isNew: query.has('registered'),
      next: furtherGoalOf(query),
    })
  },
  async act({ context }, _, fields) {
    try {
      await context.call('passkeys.remove', { passkeyId: fields.get('remove') ?? '' })
    } catch (error) {
      if (!asksForProof(error)) throw error
      return signInFirst('passkeys')
    }
    return leadTo('passkeys')
  },
})

/** Whoever still has to set up a second factor may not look at what there is; there is none. */
async function passkeysOf({ principal, context }: Visitor): Promise<readonly Passkey[]> {
  if (principal?.pendingSteps.length !== 0) return []
  return ((await context.call('passkeys.list', {})) as OutputOf<Signatures['passkeys']['list']>).passkeys
}

interface Reached {
  /** Whether somebody has just registered one. */
  readonly isNew: boolean
  /** Where to go on then; empty: nowhere. */
  readonly next: string
}

function passkeysPage({ isRecent }: Visitor, username: string, passkeys: readonly Passkey[], { isNew, next }: Reached): Answer {
  const title = 'Your passkeys'
  const answer = page(
    200,
    title,
    html`<h1>${title}</h1>
      <p>Signed in as <strong>${username}</strong>. A passkey signs you in without a password: your device checks that it is really you.</p>
      ${isNew ? registered(next) : null}
      ${
        passkeys.length === 0
          ? html`<p class="soft">You have no passkeys yet.</p>`
          : html`<ul class="plain">
              ${passkeys.map((passkey) => item(passkey, isRecent))}
            </ul>`
      }
      ${isRecent ? registration(next) : html`<p><a class="main" href="sign-in?next=passkeys">Sign in again to change your passkeys</a></p>`}`,
  )
  return isRecent ? withRequests(withScript(answer)) : answer
}

function item({ id, name, createdAt, lastUsedAt }: Passkey, mayRemove: boolean): Html {
  const used = lastUsedAt === null ? 'not used yet' : html`last used ${timeElement(lastUsedAt)}`
  const remove = html`<form method="post" action="passkeys">
    <input type="hidden" name="remove" value="${id}" />
    <button class="plain" aria-label="Remove ${name}">Remove</button>
  </form>`
  return html`<li><strong>${name}</strong>, since ${timeElement(createdAt)}, ${used} ${mayRemove ? remove : null}</li>`
}

const registered = (next: string): Html =>
  html`<p role="status">
      Your passkey is registered. You can sign in with it from now on. For the day on which you lose it, keep recovery codes: they are made
      with
      <a href="second-factors">your second factors</a>.
    </p>
    ${next === '' ? null : html`<p><a class="main" href="${addressOfGoal(next)}">Go on</a></p>`}`

/** Where the page leads back to once a passkey is registered. */
const afterRegistration = (next: string): string => (next === '' ? 'passkeys?registered' : `${passkeysOnTheWayTo(next)}&registered`)

const registration = (next: string): Html =>
  html`<noscript><p class="problem">This page needs JavaScript, because it is the browser that makes a passkey.</p></noscript>
    <p class="problem" id="problem" role="alert" hidden></p>
    <form id="register" data-done="${afterRegistration(next)}" hidden>
      <div class="field">
        <label for="name">Name of the new passkey <span>(optional)</span></label>
        <input id="name" maxlength="100" autocomplete="off" placeholder="Laptop" />
      </div>
      <div class="buttons"><button class="main" id="add">Register a passkey</button></div>
    </form>
    <script type="module" src="${passkeysScriptPath.slice(1)}"></script>`
