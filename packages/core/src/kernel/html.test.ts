import fc from 'fast-check'
import { expect, test } from 'vitest'
import { html } from './html.ts'

test('values are escaped, in text and in attributes', () => {
  const hostile = `<script>alert(1)</script>"'\`=&`
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
    `<p title="&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#96;&#61;&#38;">&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#96;&#61;&#38;</p>`,
  )
})

test('no text gets a letter of markup through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(html`${text}`.text.replaceAll(/&#\d+;/g, '')).not.toMatch(/[<>"'`=&]/)
    }),
  )
})

test('markup stays markup, also in lists; null is nothing', () => {
  const items = ['a<b', 'c'].map((item) => html`<li>${item}</li>`)
  expect(html`${items}${null}${3}`.text).toBe('<li>a&#60;b</li><li>c</li>3')
})
