import type { Actions } from '../kernel/action.ts'
import type { tokensSignatures } from './signatures.ts'
import { introspectToken, verifyToken } from './inspecting.ts'
import { issueAgent, issueWebsocket } from './issuing.ts'
import { createToken, rotateToken } from './making.ts'
import { getToken, listTokens, revokeToken } from './managing.ts'

/** The actions of `tokens`. */
export const tokensActions: Actions<typeof tokensSignatures> = {
  create: createToken,
  get: getToken,
  introspect: introspectToken,
  issueAgent,
  issueWebsocket,
  list: listTokens,
  revoke: revokeToken,
  rotate: rotateToken,
  verify: verifyToken,
}
