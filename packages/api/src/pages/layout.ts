import { createHash } from 'node:crypto'
import { html, Html, timeInWords } from '@denizen/core'
import type { Answer, Fields } from '../answer.ts'

/** Legible at any width and in dark mode, with the browser's own fonts: nothing is loaded from anywhere. */
const style = `
:root { color-scheme: light dark; --ground: #f4f5f8; --card: #ffffff; --text: #16181d; --soft: #5b6270; --line: #d6dae2; --edge: #7b8494;
  --accent: #1f5eff; --on-accent: #ffffff; --bad: #b3261e; --bad-ground: #fdecea }
@media (prefers-color-scheme: dark) { :root { --ground: #101216; --card: #1a1d24; --text: #eceef2; --soft: #a3abb9; --line: #3a404c; --edge: #79839a;
  --accent: #7fa4ff; --on-accent: #0b1226; --bad: #ffb4ab; --bad-ground: #3b1714 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: clamp(1.25rem, 6vw, 2.25rem) }
.name a { color: inherit }
.name { margin: 0 0 1.1rem; color: var(--soft); font-weight: 600; font-size: .9rem; letter-spacing: .01em }
time { white-space: nowrap }
h1 { margin: 0 0 .75rem; font-size: 1.45rem; line-height: 1.25; overflow-wrap: anywhere; text-wrap: balance }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
.soft, .hint { color: var(--soft) }
.hint { margin: .35rem 0 0; font-size: .875rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem 1rem; margin: 0 0 1.25rem; padding: .85rem 0; border-block: 1px solid var(--line) }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0 } dd + dt { margin: .5rem 0 0 } }
.field { margin: 0 0 1.1rem }
label { display: block; margin: 0 0 .3rem; font-weight: 600 }
/* Password managers see it, people do not: they ignore fields of type hidden. */
.username { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
label span { font-weight: 400; color: var(--soft) }
input { width: 100%; padding: .65rem .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--edge); border-radius: 8px }
input[aria-invalid="true"] { border-color: var(--bad) }
input[type="checkbox"] { width: auto; margin: 0 .4rem 0 0 }
form { margin: 0 0 1.25rem }
li form { display: inline; margin: 0 }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0 }
button { flex: 1 1 8rem; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: 8px; border: 1px solid var(--edge); background: transparent;
  color: inherit; cursor: pointer }
a { color: var(--accent) }
ul.plain { margin: 1.25rem 0; padding: 0; list-style: none }
ul.plain li { margin: 0 0 .7rem; overflow-wrap: anywhere }
a.main { display: block; margin: 0 0 1rem; padding: .7rem 1rem; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-weight: 600;
  text-align: center; text-decoration: none; overflow-wrap: anywhere }
code { overflow-wrap: anywhere; user-select: all }
button.plain { flex: none; padding: 0; border: 0; font-weight: inherit; color: var(--accent); text-decoration: underline }
button.main { flex-grow: 2; background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
ol.codes { columns: 11rem; margin: 0 0 1.25rem; padding: 0 0 0 2.25rem }
ol.codes li { padding: .2rem 0; break-inside: avoid }
ol.codes code, .key { font-size: 1.05rem; white-space: nowrap }
.key { white-space: normal }
.key span { display: inline-block; margin: 0 .6rem 0 0 }
.qr { max-width: 15rem; margin: 0 auto 1rem }
.qr svg { display: block; width: 100%; border-radius: 8px }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
@media print { form, #tools, .hint { display: none } body { min-height: 0 } main { border: 0 } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.problem { margin: 0 0 1.25rem; padding: .7rem .9rem; border-radius: 8px; background: var(--bad-ground); color: var(--bad) }
`

/**
 * The page runs no script, loads nothing, cannot be framed, and sends its form only to
 * where it came from. Its own style is allowed by its hash.
 */
const policy = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/** A whole page, headed by the name of the installation. Its URL may hold a secret, so no referrer is sent and no search engine indexes it. */
export function page(status: number, title: string, content: Html): Answer {
  const body = (name: string, home: string): string =>
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <title>${title === name ? name : `${title} · ${name}`}</title>
          ${new Html(`<style>${style}</style>`)}
        </head>
        <body>
          <main>${title === name ? null : html`<p class="name"><a href="${home}">${name}</a></p>`} ${content}</main>
        </body>
      </html> `.text
  return { status, contentType: 'text/html; charset=utf-8', headers: [['referrer-policy', 'no-referrer']], policy, body }
}

/**
 * The same page, whose forms name their origin: it decides whether they are ours where a browser does not send `Sec-Fetch-Site`, as on
 * plain HTTP. Under `no-referrer` browsers say `Origin: null`, as they do for the form of a stranger. Not for addresses that hold a secret.
 */
export function namingOrigin(answer: Answer): Answer {
  const headers = (answer.headers ?? []).filter(([name]) => name !== 'referrer-policy')
  return { ...answer, headers: [...headers, ['referrer-policy', 'same-origin']] }
}

/** The same page, which may run scripts of its own origin. */
export function withScript(answer: Answer): Answer {
  return { ...answer, policy: `${answer.policy ?? ''}; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'` }
}

/** The same page, whose script may call actions here. */
export function withRequests(answer: Answer): Answer {
  return { ...answer, policy: `${answer.policy ?? ''}; connect-src 'self'` }
}

/** The same answer, with more header fields. */
export function withFields(answer: Answer, fields: Fields): Answer {
  return { ...answer, headers: [...(answer.headers ?? []), ...fields] }
}

/** A page with a message and no form. */
export function notice(status: number, title: string, ...paragraphs: readonly (string | Html)[]): Answer {
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${paragraphs.map((text) => html`<p>${text}</p>`)}`,
  )
}

/** Where a form leads on to; nothing: where it always does. */
export const nextField = (next: string): Html | null => (next === '' ? null : html`<input type="hidden" name="next" value="${next}" />`)

/** Whose password a form is about, for password managers. */
export function usernameField(name: string): Html {
  return html`<input
    class="username"
    type="text"
    name="username"
    autocomplete="username"
    readonly
    tabindex="-1"
    aria-hidden="true"
    value="${name}"
  />`
}

/** What a new password has to be, said before somebody chooses one. */
export function passwordHint(least: number): string {
  return `At least ${least} characters. A few unrelated words make a good password that is easy to remember.`
}

/** What a field has besides: where the focus goes, and what a screen reader says, when it is wrong. `problem` is the id of the message. */
export function wrongField(isWrong: boolean): Html | null {
  return isWrong ? html`autofocus aria-invalid="true"` : null
}

/** The field for the code of a second factor; `isWrong`: what was entered before is, as the message on the page says. */
export const factorField = (isWrong: boolean): Html =>
  html`<div class="field">
    <label for="code">Code</label>
    <input
      id="code"
      name="code"
      autocomplete="one-time-code"
      spellcheck="false"
      maxlength="64"
      required
      aria-describedby="${isWrong ? 'problem code-hint' : 'code-hint'}"
      ${wrongField(isWrong)}
    />
    <p class="hint" id="code-hint">The six digits from your authenticator app, or one of your recovery codes.</p>
  </div>`

/** The first page as seen from another. Relative, so that a path prefix of the public URL is kept. */
export function homeFrom(url: string): string {
  const [path = ''] = url.split('?')
  return '../'.repeat(Math.max(path.split('/').length - 2, 0)) || './'
}

/** A time, in words for people and exactly for programs. */
export function timeElement(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${timeInWords(date)}</time>`
}
