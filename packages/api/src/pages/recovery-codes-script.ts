/** Where the script of the page is. */
export const recoveryCodesScriptPath = '/recovery-codes.js'

/** The script of the page of recovery codes: copies and prints them. It sends and stores nothing. */
export const recoveryCodesScript = `'use strict'
const part = (id) => document.getElementById(id)
const codes = [...part('codes').querySelectorAll('code')].map((code) => code.textContent)

part('tools').hidden = false
part('copy').hidden = navigator.clipboard === undefined

part('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(codes.join('\\n'))
    part('told').textContent = 'They are copied. Paste them where you keep your passwords.'
  } catch {
    part('told').textContent = 'This browser did not copy them. Select them, and copy them yourself.'
  }
})
part('print').addEventListener('click', () => globalThis.print())
`
