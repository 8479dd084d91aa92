/** Markup that is safe to send: every value in it has been escaped. */
export class Html {
  readonly text: string
  /** Only for what the tag below has made, and for style sheets of our own. */
  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | null | readonly Html[]

/** Makes markup of a template. What is put into it is escaped, in text and in quoted attributes alike, unless it is markup itself; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, index) => `${text}${markupOf(values[index - 1] ?? null)}${part}`))
}

function markupOf(value: Value): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return String(value).replaceAll(/[&<>"'`=]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
