/** Texts as one parameter of type `text[]` or `uuid[]`: a list of any length takes one place in a statement, whose number is limited. */
export function arrayLiteral(items: Iterable<string>): string {
  return `{${[...items].map((item) => `"${item.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}
