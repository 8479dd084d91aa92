import { actions } from '../src/actions.ts'
import { catalogueOf } from '../src/kernel/catalogue.ts'

/** All actions, for tests of what needs no world. */
export const catalogue = catalogueOf([...actions.values()].map(({ signature }) => signature))
