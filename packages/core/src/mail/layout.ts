import { html, type Html } from '../kernel/html.ts'
import type { Settings } from '../kernel/settings.ts'
import type { Mail } from '../ports/index.ts'

/** A message with one thing to do at most. */
export interface Message {
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly button?: { readonly label: string; readonly url: string }
  /** A code to type elsewhere. */
  readonly code?: string
  /** Small print below. */
  readonly notes: readonly string[]
}

/** Who sends it. */
type Installation = Pick<Settings, 'name' | 'publicUrl'>

/** The mail with a message, to one address. It names the installation: the reader may have accounts at several. */
export function mailTo(to: string, message: Message, { name, publicUrl }: Installation): Mail {
  const signed = { ...message, notes: [...message.notes, `This mail is from ${name} (${new URL(publicUrl).host}).`] }
  return { to, subject: message.title, text: plainText(signed), html: richText(signed, name) }
}

/** The message as plain text: nothing but what it says, and the link on a line of its own. */
function plainText({ title, paragraphs, button, code, notes }: Message): string {
  const link = button === undefined ? [] : [`${button.label}:\n${button.url}`]
  return `${[title, ...paragraphs, ...(code === undefined ? [] : [code]), ...link, ...notes].join('\n\n')}\n`
}

/** The message as a page for mail programs: styles stand where they apply, and nothing is loaded from anywhere. */
function richText({ title, paragraphs, button, code, notes }: Message, name: string): string {
  return page(
    title,
    html`<p style="margin:0 0 24px;font-weight:600;opacity:0.75">${name}</p>
      <h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${title}</h1>
      ${paragraphs.map((text) => html`<p style="margin:0 0 16px">${text}</p>`)} ${code === undefined ? null : codeOf(code)}
      ${button === undefined ? null : buttonOf(button)}
      ${notes.map((text) => html`<p style="margin:0 0 8px;font-size:14px;opacity:0.75">${text}</p>`)}`,
  )
}

function codeOf(code: string): Html {
  return html`<p style="margin:28px 0;font:600 28px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:0.08em">${code}</p>`
}

function buttonOf({ label, url }: { readonly label: string; readonly url: string }): Html {
  return html`<p style="margin:28px 0">
      <a
        href="${url}"
        style="display:inline-block;padding:12px 22px;border-radius:8px;background:#1f5eff;color:#ffffff;font-weight:600;text-decoration:none"
        >${label}</a
      >
    </p>
    <p style="margin:0 0 16px;font-size:14px">Or open this address:<br /><span style="word-break:break-all">${url}</span></p>`
}

function page(title: string, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
      </head>
      <body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
        <div style="max-width:560px;margin:0 auto">${content}</div>
      </body>
    </html> `.text
}
