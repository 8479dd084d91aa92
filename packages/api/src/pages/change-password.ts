import { DenizenError, html, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { goalOf, onwardFrom } from './goals.ts'
import { nextField, notice, page, passwordHint, usernameField } from './layout.ts'
import { alert, field, problemIn, type Problem } from './mailed-link.ts'
import { signInFirst } from './sign-in.ts'
import { sessionPage, type Visitor } from './visitor.ts'

/** The page where people change their password: with the old one, shortly after they signed in. */
export const answerChangePassword = sessionPage(
  {
    show: (visitor, core, query) =>
      visitor.isRecent ? passwordForm(200, core, visitor, { next: goalOf(query), problem: null }) : signInFirst('change-password'),
    async act(visitor, core, fields) {
      const { username } = visitor.principal ?? {}
      if (username !== undefined && username !== (fields.get('username') ?? username)) return formOfAnother(username)
      const typed = { oldPassword: fields.get('old') ?? '', newPassword: fields.get('password') ?? '', next: goalOf(fields) }
      return change(core, visitor, typed)
    },
  },
  { assurance: 'Nothing was changed' },
)

interface Typed {
  readonly oldPassword: string
  readonly newPassword: string
  /** Where to go on; empty: to the first page. */
  readonly next: string
}

async function change(core: Core, visitor: Visitor, { oldPassword, newPassword, next }: Typed): Promise<Answer> {
  if (!visitor.isRecent) return signInFirst('change-password')
  if (newPassword === '')
    return passwordForm(400, core, visitor, { next, problem: { field: 'password', message: 'Choose a new password.' } })
  try {
    const input = { newPassword, ...(oldPassword !== '' && { oldPassword }) }
    type Changed = OutputOf<Signatures['auth']['changePassword']>
    const { sessionsEnded } = (await visitor.context.call('auth.changePassword', input)) as Changed
    const left = (visitor.principal?.pendingSteps ?? []).filter((step) => step !== 'changePassword')
    const elsewhere = sessionsEnded === 0 ? 'You were signed in nowhere else.' : 'Everywhere else you are signed out.'
    return notice(200, 'Your password is changed', elsewhere, html`<a class="main" href="${onwardFrom(left, next)}">Go on</a>`)
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    return passwordForm(400, core, visitor, { next, problem })
  }
}

/** The form was opened before somebody else signed in, in another tab. */
export function formOfAnother(username: string): Answer {
  const text = html`You are signed in as <strong>${username}</strong> now, and the form was for somebody else. Nothing was changed.`
  return notice(409, 'Somebody else signed in here', text, html`<a class="main" href="./">Go on</a>`)
}

function problemOf(error: unknown): Problem | null {
  if (error instanceof DenizenError && error.kind === 'limited') return null // its page says when the next try is
  if (!(error instanceof DenizenError) || error.code !== 'auth.wrongProof') return problemIn(error, { password: 'New password' })
  return { field: 'old', message: 'That is not your password.' }
}

interface Shown {
  readonly next: string
  readonly problem: Problem | null
}

function passwordForm(status: number, { settings }: Core, { principal }: Visitor, { next, problem }: Shown): Answer {
  const title = 'Change your password'
  const { minimumAlone, minimumWithFactor } = settings.passwords
  const hint = passwordHint(principal?.assurance === 'aal2' ? minimumWithFactor : minimumAlone)
  const old = { name: 'old', label: 'Old password', hint: 'Leave it empty if you have none yet.', longest: 1024 } as const
  const chosen = { name: 'password', label: 'New password', hint, longest: 1024, required: true } as const
  return page(
    status,
    title,
    html`<h1>${title}</h1>
      ${alert(problem)}
      <form method="post" action="change-password">
        ${nextField(next)} ${usernameField(principal?.username ?? '')}
        ${field({ ...old, type: 'password', autocomplete: 'current-password' }, problem)}
        ${field({ ...chosen, type: 'password', autocomplete: 'new-password' }, problem)}
        <div class="buttons"><button class="main">Change it</button></div>
      </form>`,
  )
}
