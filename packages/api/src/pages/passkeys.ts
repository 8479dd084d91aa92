import { html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { page } from './layout.ts'
import { passkeysScript } from './passkeys-script.ts'

const pagePath = '/passkeys'
const scriptPath = '/passkeys.js'

/** The content type of a script. */
export const scriptType = 'text/javascript; charset=utf-8'

/** Whether this is the path of the passkeys page or of its script. */
export function isPasskeysPath(path: string): boolean {
  return path === pagePath || path === scriptPath
}

/**
 * The page where people register passkeys and sign in with them. The page itself is the
 * same for everybody: its script calls the same actions as any client.
 */
export async function answerPasskeys(path: string): Promise<Answer> {
  if (path === scriptPath) return { status: 200, contentType: scriptType, body: passkeysScript }
  const { policy = '', ...answer } = page(200, 'Sign in', content)
  return { ...answer, policy: policy.replace(`form-action 'self'`, permissions) }
}

/** Besides what every page may do: run its own script and call its own origin. No form is sent without the script. */
const permissions = `script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; form-action 'none'`

const content = html`<noscript
    ><h1>Sign in</h1>
    <p class="problem">This page needs JavaScript, because it is the browser that asks for a passkey.</p></noscript
  >
  <p class="problem" id="problem" role="alert" hidden></p>
  <p id="said" role="status"></p>
  <section id="outside" hidden>
    <h1>Sign in</h1>
    <p>A passkey signs you in without a password: your device checks that it is really you.</p>
    <button class="main" type="button" id="with-passkey">Sign in with a passkey</button>
    <p class="hint">No passkey yet? Sign in below, then register one.</p>
    <form id="outside-form">
      <div class="field">
        <label for="identifier">Username or email address</label>
        <input id="identifier" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="320" required />
      </div>
      <div class="field">
        <label for="password">Password</label>
        <input id="password" type="password" autocomplete="current-password" maxlength="1024" required />
      </div>
      <div class="buttons"><button type="submit">Sign in</button></div>
      <p class="hint"><a href="forgot-password">Forgot your password?</a></p>
    </form>
  </section>
  <section id="second" hidden>
    <h1>Sign in</h1>
    <p>Your account has a second factor.</p>
    <button class="main" type="button" id="second-passkey">Use a passkey</button>
    <form id="second-form">
      <div class="field">
        <label for="code">Code from your authenticator app, or a recovery code</label>
        <input id="code" autocomplete="one-time-code" maxlength="64" required />
      </div>
      <div class="buttons"><button type="submit">Continue</button></div>
    </form>
    <div class="buttons"><button type="button" id="second-back">Back</button></div>
  </section>
  <section id="inside" hidden>
    <h1>Your passkeys</h1>
    <p>Signed in as <strong id="who"></strong>.</p>
    <p class="soft" id="none">You have no passkeys yet.</p>
    <ul id="list"></ul>
    <form id="inside-form">
      <div class="field">
        <label for="name">Name of the new passkey <span>(optional)</span></label>
        <input id="name" maxlength="100" autocomplete="off" placeholder="Laptop" />
      </div>
      <div class="buttons">
        <button class="main" type="submit">Register a passkey</button>
        <button type="button" id="out">Sign out</button>
      </div>
    </form>
  </section>
  <script type="module" src="passkeys.js"></script>`
