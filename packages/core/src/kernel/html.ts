/** Markup that is safe to send: every value in it is escaped. */
export class Html {
  readonly text: string
  /** Only for the result of the tag below, and for our own style sheets. */
  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | null | readonly Html[]

/** A template tag for markup. Values are escaped, in text and in quoted attributes, unless they are `Html`; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, index) => `${text}${markupOf(values[index - 1] ?? null)}${part}`))
}

function markupOf(value: Value): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return String(value).replaceAll(/[&<>"'`=]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
