import { DenizenError, type Core, type OutputOf, type Principal, type Signatures } from '@denizen/core'
import type { Answer, Fields } from '../answer.ts'
import { httpErrorOf } from '../errors.ts'
import { formOfAnother } from './change-password.ts'
import { codesCookie, setUpCookie } from './factor-cookies.ts'
import { furtherGoalOf, secondFactorsOnTheWayTo } from './goals.ts'
import { withFields } from './layout.ts'
import { enrolPage, factorsPage, removalPage, toldBy, type Factors } from './second-factors-views.ts'
import { asksForProof, signInFirst } from './sign-in.ts'
import { leadTo, sessionPage, type Visitor } from './visitor.ts'

/** The page that says which second factors somebody has, and where each change of them begins. */
export const answerSecondFactors = sessionPage(
  {
    show(visitor, _, query) {
      const next = furtherGoalOf(query)
      const elsewhere = elsewhereFor(visitor, secondFactorsOnTheWayTo(next))
      return elsewhere ?? present(visitor, { next, query, problem: null })
    },
    async act(visitor, core, fields) {
      const next = furtherGoalOf(fields)
      const here = secondFactorsOnTheWayTo(next)
      const elsewhere = elsewhereFor(visitor, here)
      if (elsewhere !== null) return elsewhere
      const { username } = visitor.principal as Principal
      if (username !== (fields.get('user') ?? username)) return formOfAnother(username)
      try {
        return await change(visitor, core, fields.get('do') ?? '', next)
      } catch (error) {
        if (asksForProof(error)) return signInFirst(here)
        if (!(error instanceof DenizenError) || !correctable.has(error.code)) throw error
        return present(visitor, { next, query: new URLSearchParams(), problem: error })
      }
    },
  },
  { assurance: 'Nothing was changed' },
)

/** Where somebody goes who has no second factors to look at here; null: they have. */
export function elsewhereFor({ principal }: Visitor, here: string): Answer | null {
  if (principal === null) return signInFirst(here)
  const { isAnonymous, pendingSteps } = principal
  const owesSomethingElse = pendingSteps.length > 0 && !pendingSteps.includes('enrolFactor')
  return isAnonymous || owesSomethingElse ? leadTo('./') : null // which says what to do first
}

/** Errors of changes that the page itself explains. */
const correctable: ReadonlySet<string> = new Set(['factors.lastRequired', 'factors.noTotp', 'factors.none', 'policies.factorNotAllowed'])

interface Shown {
  /** Where to go on once a factor is set up; empty: nowhere. */
  readonly next: string
  readonly query: URLSearchParams
  readonly problem: DenizenError | null
}

async function present(visitor: Visitor, { next, query, problem }: Shown): Promise<Answer> {
  const { principal, isRecent } = visitor
  const { username, pendingSteps } = principal as Principal
  const status = problem === null ? 200 : httpErrorOf(problem).status
  const about = { username, next, isRecent, message: problem?.message ?? null }
  // Whoever still has to set up a second factor may not look at what there is; there is none that counts.
  if (pendingSteps.length > 0) return enrolPage(status, about)
  const factors = await factorsOf(visitor)
  if (query.has('remove') && factors.totp !== null) return isRecent ? removalPage(username) : signInFirst('second-factors')
  return factorsPage(status, about, factors, toldBy(query, factors))
}

async function factorsOf({ context }: Visitor): Promise<Factors> {
  return (await context.call('factors.list', {})) as Factors
}

/** Does what a form of the page asks for. Every answer leads on, so that a reload repeats nothing. */
async function change(visitor: Visitor, core: Core, what: string, next: string): Promise<Answer> {
  const { context } = visitor
  if (what === 'set-up' && (await setUpCookie.read(visitor, core)) !== null) return leadTo('authenticator') // in another tab, perhaps
  if (what === 'set-up' || what === 'start-again') return withFields(leadTo('authenticator'), await begin(visitor, core, next))
  if (what === 'new-codes') {
    type Regenerated = OutputOf<Signatures['factors']['regenerateRecoveryCodes']>
    const { recoveryCodes: codes } = (await context.call('factors.regenerateRecoveryCodes', {})) as Regenerated
    return withFields(leadTo('recovery-codes'), await codesCookie.set(visitor.principal as Principal, { codes, next: '' }, core))
  }
  if (what !== 'remove') return leadTo('second-factors')
  await context.call('factors.disableTotp', {})
  return withFields(leadTo('second-factors?removed'), [...setUpCookie.clear(visitor, core), ...codesCookie.clear(visitor, core)])
}

async function begin(visitor: Visitor, core: Core, next: string): Promise<Fields> {
  const before = await setUpCookie.read(visitor, core)
  const { uri } = (await visitor.context.call('factors.beginTotp', {})) as OutputOf<Signatures['factors']['beginTotp']>
  return setUpCookie.set(visitor.principal as Principal, { uri, next: before?.next ?? next }, core)
}

/** The second factors of whoever is signed in, in a few words; null: there is nothing to say. */
export async function factorsInWords(visitor: Visitor): Promise<string | null> {
  const { principal } = visitor
  if (principal === null || principal.isAnonymous || principal.pendingSteps.length > 0) return null
  try {
    const { totp, passkeys } = await factorsOf(visitor)
    const held = [
      totp === null ? '' : 'an authenticator app',
      passkeys === 0 ? '' : `${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'}`,
    ]
    return held.filter((text) => text !== '').join(' and ') || 'none yet'
  } catch (error) {
    // The first page is there for everybody, also for whoever may do nothing from here.
    if (error instanceof DenizenError && error.kind !== 'internal') return null
    throw error
  }
}
