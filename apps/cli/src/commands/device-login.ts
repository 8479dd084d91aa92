import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { DenizenError } from '@denizen/core/calls'
import type { OutputOf, Signatures, SignedIn } from '@denizen/core/contract'
import { isWebLink, openBrowser, hasVisibleBrowser } from '../browser.ts'
import type { Connection } from '../calls.ts'
import { bold, inLine, localTime, note } from '../output.ts'
import { waiting } from '../progress.ts'

type Begun = OutputOf<Signatures['auth']['startDeviceLogin']>

/** Signs in by an approval in a browser, on this machine or another. */
export async function signInByDevice({ calls }: Connection, opensBrowser: boolean): Promise<SignedIn> {
  const begun = await calls.auth.startDeviceLogin({ clientName: ownName() })
  await show(begun, opensBrowser)
  const display = waiting(`Waiting for the approval, until ${localTime(begun.expiresAt)}`)
  try {
    const signedIn = await poll(calls, begun)
    display.end('Approved.')
    return signedIn
  } catch (error) {
    display.end('Not approved.')
    throw error
  }
}

/** A name by which the user recognises this terminal when approving. */
function ownName(): string {
  return `denizen of ${userInfo().username} on ${hostname()}`.replaceAll(/\p{C}/gu, '').slice(0, 100)
}

async function show({ userCode, verificationUri, verificationUriComplete }: Begun, opensBrowser: boolean): Promise<void> {
  const { isTTY, columns } = process.stderr
  note(`Approve this sign-in at  ${bold(inLine(verificationUri))}`)
  note(`with the code            ${bold(inLine(userCode))}`)
  if (isTTY) await drawCode(verificationUriComplete, columns)
  if (!opensBrowser || !isWebLink(verificationUriComplete)) return
  if (hasVisibleBrowser({ platform: process.platform, isTerminal: isTTY, environment: process.env }))
    await openBrowser(verificationUriComplete).catch(() => undefined) // the link is printed above
}

/** A QR code for phones, if the terminal is wide enough. */
async function drawCode(link: string, columns: number): Promise<void> {
  const { encode, renderUnicodeCompact } = await import('uqr')
  if (encode(link, { border: 2 }).size <= columns) note(`\n${renderUnicodeCompact(link, { border: 2 })}\n`)
}

/** Polls at the allowed rate; goes on if the server is unavailable for a moment. */
async function poll(calls: Connection['calls'], { deviceCode, interval, expiresAt }: Begun): Promise<SignedIn> {
  let seconds = interval
  for (;;) {
    await sleep(seconds * 1000)
    try {
      const answer = await calls.auth.pollDeviceLogin({ deviceCode })
      if (answer.status === 'signedIn') return answer
      seconds = answer.interval
    } catch (error) {
      const isTemporary = error instanceof DenizenError && (error.kind === 'unavailable' || error.kind === 'limited')
      if (!isTemporary || Date.now() > expiresAt.getTime()) throw error
    }
  }
}
