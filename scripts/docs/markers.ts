/** The text of a page between `<!-- name: begin … -->` and `<!-- name: end -->`, and the page with `content` in its place. */
export function between(page: string, name: string, content = ''): { readonly inside: string; readonly whole: string } {
  const found = new RegExp(`(?<=<!-- ${name}: begin[^>]*-->\\n).*?(?=<!-- ${name}: end -->)`, 's').exec(page)
  if (found === null) throw new Error(`the page has no place for ${name}`)
  const { index, 0: inside } = found
  return { inside, whole: `${page.slice(0, index)}\n${content}\n\n${page.slice(index + inside.length)}` }
}
