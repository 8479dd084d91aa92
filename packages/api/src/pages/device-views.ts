import { html, type Html, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { factorField, notice, page } from './layout.ts'

export type DeviceLogin = OutputOf<Signatures['auth']['viewDeviceLogin']>

const problem = (message: string | null): Html | null =>
  message === null ? null : html`<p class="problem" role="alert" id="problem">${message}</p>`

/** Asks for the code that the device shows. */
export function codeForm(status: number, message: string | null): Answer {
  const title = 'Sign in a device'
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${problem(message)}
      <form method="get" action="device">
        <div class="field">
          <label for="user-code">Code shown on the device</label>
          <input
            id="user-code"
            name="user_code"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            maxlength="32"
            required
            aria-describedby="code-hint"
          />
          <p class="hint" id="code-hint">Eight letters, like BCDF-GHJK. Enter it only if you have just started to sign in yourself.</p>
        </div>
        <div class="buttons"><button class="main">Continue</button></div>
      </form>`,
  )
}

/** Which program asks, and from where: the user has to recognise it before approving. */
function facts({ clientName, ip, userAgent, createdAt }: DeviceLogin, userCode: string): Html {
  const at = `${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return html`<dl>
    <dt>Application</dt>
    <dd>${clientName}</dd>
    <dt>Code</dt>
    <dd>${userCode.toUpperCase()}</dd>
    <dt>IP address</dt>
    <dd>${ip ?? 'unknown'}</dd>
    ${
      userAgent === null
        ? null
        : html`<dt>User agent</dt>
            <dd>${userAgent}</dd>`
    }
    <dt>Started</dt>
    <dd><time datetime="${createdAt.toISOString()}">${at}</time></dd>
  </dl>`
}

const warning = html`<p class="soft">
  Approve this only if you started it yourself, on your own device, and the device shows the same code. It will be able to do everything
  that you can do.
</p>`

/** Shows which program asks, and takes the decision together with the password of whoever decides. */
export function decisionForm(
  status: number,
  login: DeviceLogin,
  { userCode, identifier }: { readonly userCode: string; readonly identifier: string },
  message: string | null,
): Answer {
  const title = `Sign in ${login.clientName}?`
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${problem(message)} ${facts(login, userCode)} ${warning}
      <form method="post" action="device">
        <input type="hidden" name="user_code" value="${userCode}" />
        <div class="field">
          <label for="identifier">Username or email address</label>
          <input id="identifier" name="identifier" autocomplete="username" maxlength="320" required value="${identifier}" />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required />
        </div>
        ${buttons}
      </form>`,
  )
}

const buttons = html`<div class="buttons">
  <button class="main" name="decision" value="approve">Approve</button>
  <button name="decision" value="deny" formnovalidate>Deny</button>
</div>`

/** The same for somebody who is signed in in this browser and has authenticated recently. */
export function sessionForm(login: DeviceLogin, userCode: string, username: string): Answer {
  const title = `Sign in ${login.clientName}?`
  return page(
    200,
    title,
    html`<h1>${title}</h1>
      ${facts(login, userCode)} ${warning}
      <p>You are signed in here as <strong>${username}</strong>.</p>
      <form method="post" action="device">
        <input type="hidden" name="user_code" value="${userCode}" />
        <input type="hidden" name="by" value="session" />
        ${buttons}
      </form>`,
  )
}

/** Asks whoever approves for their second factor. */
export function factorForm(
  status: number,
  login: DeviceLogin,
  { userCode, challenge }: { readonly userCode: string; readonly challenge: string },
  message: string | null,
): Answer {
  const title = `Sign in ${login.clientName}?`
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${problem(message)} ${facts(login, userCode)}
      <form method="post" action="device">
        <input type="hidden" name="user_code" value="${userCode}" />
        <input type="hidden" name="challenge" value="${challenge}" />
        ${factorField} ${buttons}
      </form>`,
  )
}

/** The page after an approval. */
export function approved(clientName: string): Answer {
  return notice(200, 'Approved', html`<strong>${clientName}</strong> is signed in. Go back to it. You can close this page.`)
}

export function denied({ clientName }: DeviceLogin): Answer {
  return notice(200, 'Denied', html`<strong>${clientName}</strong> is not signed in.`, 'You can close this page.')
}
