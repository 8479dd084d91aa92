export { verifyAssertion } from './verify-assertion.ts'
export { relyingPartyOf } from './relying-party.ts'
