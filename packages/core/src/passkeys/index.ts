export { acceptAssertion } from './verify-assertion.ts'
export { partyOf } from './relying-party.ts'
