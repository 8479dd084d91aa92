import { html, type Core } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { codesCookie } from './factor-cookies.ts'
import { addressOfGoal } from './goals.ts'
import { page, timeElement, withFields, withScript } from './layout.ts'
import { recoveryCodesScriptPath } from './recovery-codes-script.ts'
import { elsewhereFor } from './second-factors.ts'
import { leadTo, sessionPage, type Visitor } from './visitor.ts'

const here = 'recovery-codes'

/** The page that shows new recovery codes, until somebody says that they have kept them. A reload loses none and makes no others. */
export const answerRecoveryCodes = sessionPage({
  async show(visitor, core) {
    const elsewhere = elsewhereFor(visitor, here)
    if (elsewhere !== null) return elsewhere
    const kept = await codesCookie.read(visitor, core)
    return kept === null ? leadTo('second-factors?shown') : codesPage(visitor, kept)
  },
  async act(visitor, core: Core) {
    const elsewhere = elsewhereFor(visitor, here)
    if (elsewhere !== null) return elsewhere
    const kept = await codesCookie.read(visitor, core)
    if (kept === null) return leadTo('second-factors?shown')
    const goal = kept.next === '' ? 'second-factors' : kept.next
    return withFields(leadTo(goal === 'second-factors' ? 'second-factors?kept' : addressOfGoal(goal)), codesCookie.clear(visitor, core))
  },
})

function codesPage({ principal }: Visitor, { codes, next, until }: { codes: readonly string[]; next: string; until: Date }): Answer {
  const title = 'Your recovery codes'
  const happened =
    next === ''
      ? 'These are your new recovery codes. The old ones do not work any more.'
      : 'Your authenticator app is set up, and everywhere else you are signed out.'
  const answer = page(
    200,
    title,
    html`<h1>${title}</h1>
      <p role="status">${happened}</p>
      <p>
        For <strong>${principal?.username ?? ''}</strong>: if you lose your second factor, each of these signs you in once in its place.
        <strong>They are shown only now.</strong> Keep them where you keep your passwords, or on paper.
      </p>
      <ol class="codes" id="codes">
        ${codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ol>
      <div id="tools" hidden>
        <div class="buttons"><button type="button" id="copy">Copy them</button><button type="button" id="print">Print them</button></div>
        <p class="hint" id="told" role="status"></p>
      </div>
      <noscript><p class="hint">Select and copy them, or print this page.</p></noscript>
      <form method="post" action="recovery-codes">
        <div class="buttons"><button class="main">I have kept them</button></div>
      </form>
      <p class="hint">Until you press the button, they stay here, at most until ${timeElement(until)}.</p>
      <script type="module" src="${recoveryCodesScriptPath.slice(1)}"></script>`,
  )
  return withScript(answer)
}
